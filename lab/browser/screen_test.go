package browser

import (
	"context"
	"fmt"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// screen is the width of a screen and the preferred colour scheme.
type screen struct {
	width  int64
	scheme string
}

var (
	wideLight   = screen{1280, "light"}
	wideDark    = screen{1280, "dark"}
	narrowLight = screen{320, "light"}
	narrowDark  = screen{320, "dark"}
)

func (s screen) String() string { return fmt.Sprintf("%d-%s", s.width, s.scheme) }

func (s screen) height() int64 { return 800 }

func (s screen) Do(ctx context.Context) error {
	return chromedp.Run(ctx,
		emulation.SetDeviceMetricsOverride(s.width, s.height(), 1, false),
		emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: s.scheme},
			{Name: "prefers-reduced-motion", Value: "reduce"},
		}))
}
