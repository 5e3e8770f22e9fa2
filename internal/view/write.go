package view

import (
	"bytes"
	"fmt"
	"html/template"
	"strconv"
	"time"

	"github.com/gobuffalo/plush/v4"
)

// write writes a value as plush does, but escapes a fmt.Stringer. It writes nothing for
// types that are not listed here.
func write(page *bytes.Buffer, value any, in *scope) {
	switch v := value.(type) {
	case time.Time:
		layout, ok := in.Value("TIME_FORMAT").(string)
		if !ok {
			layout = plush.DefaultTimeFormat
		}
		page.WriteString(v.Format(layout))
	case *time.Time:
		write(page, *v, in)
	case interface{ Interface() any }:
		write(page, v.Interface(), in)
	case string:
		template.HTMLEscape(page, []byte(v))
	case bool:
		page.WriteString(strconv.FormatBool(v))
	case template.HTML:
		page.WriteString(string(v))
	case plush.HTMLer:
		page.WriteString(string(v.HTML()))
	case uint, uint8, uint16, uint32, uint64, int, int8, int16, int32, int64, float32, float64:
		fmt.Fprint(page, v)
	case fmt.Stringer:
		template.HTMLEscape(page, []byte(v.String()))
	case []string:
		for _, item := range v {
			template.HTMLEscape(page, []byte(item))
		}
	case []any:
		for _, item := range v {
			write(page, item, in)
		}
	}
}
