package web

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
)

// AppLogger returns a logger for the app's own lines. It keeps all attributes, adds the
// ID and the route of the context's request, and redacts emails and tokens. It redacts
// secrets of the request in attributes only: a client must not blank the name of an event.
// As the default logger, it also receives log.Printf at level INFO:
//
//	slog.SetDefault(web.AppLogger(logger))
//	slog.InfoContext(c, "imported", "rows", 7)
func AppLogger(logger *slog.Logger) *slog.Logger {
	return slog.New(appHandler{next: logger.Handler()})
}

// appHandler passes records to the handler of NewLogger. It turns groups into prefixes
// of keys.
type appHandler struct {
	next   slog.Handler
	prefix string
	attrs  []slog.Attr
}

func (h appHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.next.Enabled(ctx, level)
}

func (h appHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	h.attrs = slices.Clip(h.attrs)
	for _, a := range attrs {
		h.attrs = flatten(h.attrs, h.prefix, a)
	}
	return h
}

func (h appHandler) WithGroup(name string) slog.Handler {
	if name != "" {
		h.prefix += name + "."
	}
	return h
}

func (h appHandler) Handle(ctx context.Context, record slog.Record) error {
	info, _ := ctx.Value(infoKey{}).(*RequestInfo)
	line := slog.NewRecord(record.Time, record.Level, redact(record.Message), 0)
	if info != nil {
		line.AddAttrs(info.attrs()...)
	}
	attrs := slices.Clip(h.attrs)
	record.Attrs(func(a slog.Attr) bool {
		attrs = flatten(attrs, h.prefix, a)
		return true
	})
	line.AddAttrs(choose(info, attrs)...)
	return h.next.Handle(ctx, line)
}

func flatten(attrs []slog.Attr, prefix string, a slog.Attr) []slog.Attr {
	a.Value = a.Value.Resolve()
	if a.Value.Kind() != slog.KindGroup {
		a.Key = prefix + a.Key
		return append(attrs, a)
	}
	if a.Key != "" {
		prefix += a.Key + "."
	}
	for _, member := range a.Value.Group() {
		attrs = flatten(attrs, prefix, member)
	}
	return attrs
}

// chosen marks an attribute that the log keeps, whatever its key is.
type chosen struct{ value slog.Value }

// masked is a value without secrets, emails and tokens. In JSON it keeps its structure if
// they are not part of it. It does not look into bytes within a value.
type masked struct {
	info  *RequestInfo
	value any
}

func (v masked) MarshalJSON() ([]byte, error) {
	if content, ok := v.value.([]byte); ok && v.mask(string(content)) != string(content) {
		return json.Marshal(v.mask(string(content)))
	}
	text, err := json.Marshal(v.value)
	if err != nil {
		return json.Marshal("!ERROR:" + v.mask(err.Error())) // as package slog does
	}
	if text := []byte(v.mask(string(text))); json.Valid(text) {
		return text, nil
	}
	return json.Marshal(v.mask(string(text)))
}

// String is for lines of key=value.
func (v masked) String() string {
	if content, ok := v.value.([]byte); ok {
		return v.mask(string(content))
	}
	return v.mask(fmt.Sprintf("%+v", v.value))
}

func (v masked) mask(text string) string {
	if v.info != nil {
		text = v.info.withoutSecrets(text)
	}
	return mask(text)
}

// choose marks attributes as chosen. It renames an attribute whose key the log uses itself:
// level becomes fields.level. It keeps the key email_digest if the request has no digest,
// and drops an email_digest that repeats the request's.
func choose(info *RequestInfo, attrs []slog.Attr) (made []slog.Attr) {
	for _, a := range attrs {
		made = flatten(made, "", a)
	}
	digest := ""
	if info != nil {
		digest = info.EmailDigest
	}
	made = slices.DeleteFunc(made, func(a slog.Attr) bool { return a.Key == digestKey && a.Value.String() == digest })
	for i, a := range made {
		if a.Key == digestKey && digest == "" {
			made[i] = slog.Any(a.Key, chosen{a.Value})
			continue
		}
		if slices.Contains(lineKeys, a.Key) || a.Key == slog.MessageKey {
			a.Key = "fields." + a.Key
		}
		if a.Value.Kind() == slog.KindString {
			a.Value = slog.StringValue(clean(info, a.Value.String()))
		} else if err, ok := a.Value.Any().(error); ok {
			a.Value = slog.StringValue(clean(info, err.Error()))
		} else if a.Value.Kind() == slog.KindAny {
			a.Value = slog.AnyValue(masked{info, a.Value.Any()})
		} else if text := clean(info, a.Value.String()); text != a.Value.String() { // a code is a number
			a.Value = slog.StringValue(text)
		}
		made[i] = slog.Any(a.Key, chosen{a.Value})
	}
	return made
}

func clean(info *RequestInfo, text string) string {
	if info != nil {
		text = info.withoutSecrets(text)
	}
	return redact(text)
}
