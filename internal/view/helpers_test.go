package view

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestHelpers_OfPlushAndBuffalo(t *testing.T) {
	for source, want := range map[string]string{
		`<%= linkTo("/x", {body: "go", class: "btn"}) %>`:                                          `<a class="btn" href="/x">go</a>`,
		`<%= linkTo("/x") { %>go<% } %>`:                                                           `<a href="/x">go</a>`,
		`<%= form({action: "/x", method: "POST"}) { %>in<% } %>`:                                   `<form action="/x" method="POST">in</form>`,
		`<% contentFor("head") { %><b><%= who %></b><% } %><%= contentOf("head", {who: "Ada"}) %>`: `<b>Ada</b>`,
		`<%= truncate("a long text", {size: 6}) %>`:                                                `a l...`,
		`<%= pluralize("widget") %>`:                                                               `widgets`,
		`<%= len(list) %>`:                                                                         `2`,
		`<%= for (i) in range(1, 3) { %><%= i %><% } %>`:                                           `123`,
		`<%= raw("<b>") %>`:                                                                        `<b>`,
		`<%= toJSON(list) %>`:                                                                      `["a","b"]`,
		`<%= if (true) { %><%= for (x) in list { %><%= capitalize(x) %><% } %><% } else { %>no<% } %>`: `AB`,
	} {
		page := rendered(t, engineOf("show.plush.html", source), "show", map[string]any{"list": []string{"a", "b"}})
		require.Equal(t, "<main>"+want+"</main>", page, source)
	}
}

func TestHelpers_ContentForTheLayout(t *testing.T) {
	e := New(Options{Layout: layout, Templates: templatesOf(
		layout, `<head><%= contentOf("head") %></head><%= yield %>`,
		"show.plush.html", `<% contentFor("head") { %><title>Widget</title><% } %>body`)})
	require.Equal(t, "<head><title>Widget</title></head>body", rendered(t, e, "show", nil))
}

// widget is the model of `buffalo generate resource widget name desc:text`.
type widget struct{ ID, Name, Desc string }

// generated are templates that the Buffalo CLI v0.18.14 generates, a little shortened.
var generated = templatesOf(
	layout, "<main><%= yield %></main>",
	"widgets/_form.plush.html", `<%= f.InputTag("Name") %>
<%= f.TextAreaTag("Desc", {rows: 10}) %>
<button class="btn btn-success" role="submit">Save</button>`,
	"widgets/edit.plush.html", `<%= formFor(widget, {action: widgetPath({ widget_id: widget.ID }), method: "PUT"}) { %>
  <%= partial("widgets/form.html") %>
  <%= linkTo(widgetPath({ widget_id: widget.ID }), {class: "btn btn-warning", "data-confirm": "Are you sure?", body: "Cancel"}) %>
<% } %>`,
	"widgets/new.plush.html", `<%= formFor(widget, {action: widgetsPath(), method: "POST"}) { %>
  <%= partial("widgets/form.html") %>
<% } %>`,
	"widgets/index.plush.html", `<%= linkTo(newWidgetsPath(), {class: "btn btn-primary"}) { %>
  Create New Widget
<% } %>
<table class="table"><%= for (widget) in widgets { %>
  <tr><td><%= widget.Name %></td><td><%= linkTo(widgetPath({ widget_id: widget.ID }), {class: "btn btn-danger", "data-method": "DELETE", body: "Destroy"}) %></td></tr>
<% } %></table>
<%= paginator(pagination) %>`,
	"widgets/show.plush.html", `<ul class="list-group"><li class="list-group-item"><p><%= widget.Desc %></p></li></ul>`,
)

// pagination has the fields of pop's Paginator that the helper paginator reads.
type pagination struct{ Page, PerPage, Offset, TotalEntriesSize, CurrentEntriesSize, TotalPages int }

func widgetData() map[string]any {
	path := func(o map[string]any) string { return fmt.Sprint("/widgets/", o["widget_id"]) }
	one := &widget{"7", `"Bolt" <M8>`, "For the <b>gate</b>"}
	return map[string]any{
		"widget": one, "widgets": []*widget{one}, "pagination": &pagination{Page: 1, PerPage: 20, TotalEntriesSize: 30, TotalPages: 2},
		"widgetPath": path, "widgetsPath": func() string { return "/widgets" }, "newWidgetsPath": func() string { return "/widgets/new" },
	}
}

func TestHelpers_GeneratedResource(t *testing.T) {
	e := New(Options{Layout: layout, Templates: generated})
	page := rendered(t, e, "widgets/edit.plush.html", widgetData())
	require.Contains(t, page, `action="/widgets/7"`)
	require.Contains(t, page, `<input name="_method" type="hidden" value="PUT"`)
	require.Contains(t, page, `value="&#34;Bolt&#34; &lt;M8&gt;"`, "the value of a field is escaped")
	require.Contains(t, page, `<textarea class="form-control" id="widget-Desc" name="Desc" rows="10">For the &lt;b&gt;gate&lt;/b&gt;</textarea>`)
	require.Contains(t, page, `<a class="btn btn-warning" data-confirm="Are you sure?" href="/widgets/7">Cancel</a>`)

	page = rendered(t, e, "widgets/new.plush.html", widgetData())
	require.Contains(t, page, `<label class="form-label" for="widget-Name">Name</label>`)
	require.NotContains(t, page, "_method")

	page = rendered(t, e, "widgets/index.plush.html", widgetData())
	require.Contains(t, page, `href="/widgets/new"`)
	require.Contains(t, page, "&#34;Bolt&#34; &lt;M8&gt;")
	require.Contains(t, page, `pagination"><li class="page-item disabled">`)
	require.Contains(t, page, "page=2")

	require.Contains(t, rendered(t, e, "widgets/show.plush.html", widgetData()), "For the &lt;b&gt;gate&lt;/b&gt;")
}
