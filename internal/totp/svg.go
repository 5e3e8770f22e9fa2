package totp

import (
	"bytes"
	"fmt"

	"rsc.io/qr"
)

const (
	quiet = 4 // width of the white border in modules (ISO/IEC 18004)
	scale = 4 // width of a module in CSS pixels
)

// SVG returns the QR code of a URI as an image/svg+xml document. Serve it from its own
// route: a content security policy may forbid data: URLs.
// The code is black on white in dark mode too, because many scanners cannot read an inverted
// code. SVG returns an error if the URI has more than 2,331 bytes.
func SVG(uri string) ([]byte, error) {
	code, err := qr.Encode(uri, qr.M)
	if err != nil {
		return nil, fmt.Errorf("drawing a QR code: %w", err)
	}
	size := code.Size + 2*quiet
	var svg bytes.Buffer
	fmt.Fprintf(&svg, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%[1]d" viewBox="0 0 %d %[2]d" shape-rendering="crispEdges">`, size*scale, size)
	svg.WriteString(`<rect width="100%" height="100%" fill="#fff"/><path d="`)
	for y := range code.Size {
		for x := 0; x < code.Size; x++ {
			from := x
			for code.Black(x, y) { // false beyond the edge
				x++
			}
			if x > from {
				fmt.Fprintf(&svg, "M%d %dh%dv1H%[1]dz", from+quiet, y+quiet, x-from)
			}
		}
	}
	svg.WriteString(`"/></svg>`)
	return svg.Bytes(), nil
}
