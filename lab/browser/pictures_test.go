package browser

import (
	"bytes"
	"flag"
	"image"
	"image/color"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

var pictures = flag.Bool("pictures", false, "put the pictures of the README into docs/images")

// TestPictures takes the pictures of the README:
//
//	go test ./browser -run TestPictures -pictures
func TestPictures(t *testing.T) {
	t.Parallel()
	s := openSite(t)
	ada := s.signedUp(t, "ada@example.com")
	ada.visit("/logout")
	ada.press(`main [action="/logout"] [type=submit]`)
	ada.visit("/welcome")
	ada.picture("welcome", wideLight, 2)
	ada.visit("/login")
	ada.logIn("not the password")
	ada.picture("login", wideLight, 2)
	ada.picture("mobile", screen{390, "light"}, 2)
	ada.fill("[name=password]", ada.password)
	ada.press(`[action="/login"] [type=submit]`)
	ada.picture("home", wideLight, 2)

	phone := &story{browser: openBrowser(t, s, person{userAgent: iPhone, ip: "198.51.100.24"}), email: ada.email}
	phone.visit("/login")
	phone.click("[name=remember]")
	phone.logIn(ada.password)
	ada.visit("/account/sessions")
	ada.picture("devices", wideLight, 2)
	ada.visit("/account/activity")
	ada.picture("dark", wideDark, 2)

	ada.visit("/account/security")
	ada.picture("security", wideLight, 1.25) // a long page
	ada.setTOTP()
	ada.visit("/logout")
	ada.press(`main [action="/logout"] [type=submit]`)
	ada.visit("/login")
	ada.logIn(ada.password)
	ada.picture("second-step", screen{390, "dark"}, 2)
}

func (b *browser) picture(name string, s screen, scale float64) {
	b.t.Helper()
	folder := "../../screenshots"
	if *pictures {
		folder = "../../docs/images"
	}
	require.NoError(b.t, os.MkdirAll(folder, 0o755))
	var taken []byte
	b.do("preparing the picture "+name, s,
		emulation.SetDeviceMetricsOverride(min(s.width, 960), 640, scale, false),
		chromedp.Evaluate("scrollTo(0, 0), document.activeElement.blur(), null", nil))
	b.showWhole(min(s.width, 960), 640, scale)
	b.do("taking a picture of "+name,
		chromedp.CaptureScreenshot(&taken),
		b.screen)
	full, err := png.Decode(bytes.NewReader(taken))
	require.NoError(b.t, err)
	var small bytes.Buffer
	require.NoError(b.t, (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&small, paletted(full)))
	require.Less(b.t, small.Len(), 100<<10, name)
	require.NoError(b.t, os.WriteFile(filepath.Join(folder, name+".png"), small.Bytes(), 0o644))
}

// paletted keeps the 256 most frequent colours and maps the others to the nearest.
func paletted(full image.Image) image.Image {
	count := map[color.RGBA]int{}
	box := full.Bounds()
	at := func(x, y int) color.RGBA { return color.RGBAModel.Convert(full.At(x, y)).(color.RGBA) }
	for y := box.Min.Y; y < box.Max.Y; y++ {
		for x := box.Min.X; x < box.Max.X; x++ {
			count[at(x, y)]++
		}
	}
	colours := slices.SortedFunc(maps.Keys(count), func(a, b color.RGBA) int { return count[b] - count[a] })
	palette := color.Palette{}
	for _, c := range colours[:min(256, len(colours))] {
		palette = append(palette, c)
	}
	nearest := map[color.RGBA]uint8{}
	for _, c := range colours {
		nearest[c] = uint8(palette.Index(c))
	}
	small := image.NewPaletted(box, palette)
	for y := box.Min.Y; y < box.Max.Y; y++ {
		for x := box.Min.X; x < box.Max.X; x++ {
			small.SetColorIndex(x, y, nearest[at(x, y)])
		}
	}
	return small
}
