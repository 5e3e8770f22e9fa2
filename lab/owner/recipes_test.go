package owner_test

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"corral/internal/web"
)

// recipesOf are the tests of the recipes, by section. They run in development after their
// section, and again in production.
var recipesOf = map[string]func(*testing.T, *app){
	"Build": func(t *testing.T, a *app) {
		uploadComesBack(t, a)
		formShowsWhatIsWrong(t, a)
		jsonInAndOut(t, a)
		searchAndPages(t, a)
		rowsOfCSV(t, a)
		longNameIsKept(t, a)
		eventsArriveOneByOne(t, a)
		webSocketEchoes(t, a)
		groupIsForAdmins(t, a)
		digestIsMailed(t, a)
	},
	"Between app and browser": policiesAndFiles,
}

func init() {
	maps.Copy(effects, recipesOf)
	effects["Between app and browser"] = func(t *testing.T, a *app) {
		policiesAndFiles(t, a)
		pagesInChromium(t, a)
	}
}

var aDocument = regexp.MustCompile(`href="(/documents/[0-9a-f-]{36})/?">([^<]*)`)

func upload(t *testing.T, a *app, name string, content []byte) (status int, page string) {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	require.NoError(t, form.WriteField("name", name))
	file, err := form.CreateFormFile("file", name)
	require.NoError(t, err)
	file.Write(content)
	require.NoError(t, form.Close())
	res, page := a.do(t, a.client, "POST", "/documents", &body, "Content-Type", form.FormDataContentType(),
		"Expect", "100-continue") // without it, the client would send a body that is too large
	return res.StatusCode, page
}

func uploadComesBack(t *testing.T, a *app) {
	content := make([]byte, 3<<20) // more than nginx, or a path without MaxBody, accepts by default
	rand.Read(content)
	status, page := upload(t, a, "Größe <1>.bin", content)
	require.Equal(t, http.StatusOK, status, page)
	found := aDocument.FindStringSubmatch(page)
	require.NotNil(t, found, page)
	require.Equal(t, "Größe &lt;1&gt;.bin", found[2])

	res, back := a.do(t, a.client, "GET", found[1], nil)
	require.Equal(t, http.StatusOK, res.StatusCode)
	require.True(t, string(content) == back)
	require.Equal(t, "application/octet-stream", res.Header.Get("Content-Type"))
	disposition, params, err := mime.ParseMediaType(res.Header.Get("Content-Disposition"))
	require.NoError(t, err)
	require.Equal(t, "attachment", disposition)
	require.Equal(t, "Größe <1>.bin", params["filename"])
	require.Equal(t, []string{"private, no-cache"}, res.Header.Values("Cache-Control"))
	res, _ = a.do(t, a.client, "GET", found[1], nil, "If-Modified-Since", res.Header.Get("Last-Modified"))
	require.Equal(t, http.StatusNotModified, res.StatusCode)

	other := a.browser(t, bob, bobPassword)
	for _, path := range []string{found[1], "/documents/x"} {
		res, _ := a.do(t, other, "GET", path, nil)
		require.Equal(t, http.StatusNotFound, res.StatusCode, "unknown, or of another user")
	}
	status, _ = upload(t, a, "large.bin", make([]byte, 21<<20))
	require.Equal(t, http.StatusRequestEntityTooLarge, status)
}

func formShowsWhatIsWrong(t *testing.T, a *app) {
	page := a.get(t, "/documents/new")
	require.Contains(t, page, `enctype="multipart/form-data"`)
	require.Contains(t, page, `name="name" type="text" value=""`)
	status, page := a.post(t, "/documents", url.Values{"name": {""}, "text": {"Build <it>."}})
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Contains(t, page, "Say a name of at most 255 characters.")
	require.Contains(t, page, "Build &lt;it&gt;.")
}

func jsonInAndOut(t *testing.T, a *app) {
	send := func(client *http.Client, body string) (status int, answer map[string]any) {
		t.Helper()
		res, text := a.do(t, client, "POST", "/documents", strings.NewReader(body), "Content-Type", "application/json")
		require.NoError(t, json.Unmarshal([]byte(text), &answer), text)
		return res.StatusCode, answer
	}
	for n := range 20 {
		status, answer := send(a.client, fmt.Sprintf(`{"name":"Plan %02d & more","text":"Build it."}`, n))
		require.Equal(t, http.StatusCreated, status)
		require.Equal(t, fmt.Sprintf("Plan %02d & more", n), answer["name"])
		require.NotContains(t, answer, "content")
	}
	for body, want := range map[string]int{`{"text":"Build it."}`: 422, `{`: 400, `[]`: 400} {
		status, answer := send(a.client, body)
		require.Equal(t, want, status)
		require.EqualValues(t, want, answer["status"], "a problem of RFC 9457")
		require.NotEmpty(t, answer["detail"])
	}
	status, _ := send(&http.Client{Transport: a.transport}, `{"name":"Plan"}`)
	require.Equal(t, http.StatusUnauthorized, status)
}

func searchAndPages(t *testing.T, a *app) {
	page := a.get(t, "/documents")
	require.Len(t, aDocument.FindAllString(page, -1), 20)
	more := regexp.MustCompile(`href="(/documents/?\?[^"]*)">More`).FindStringSubmatch(page)
	require.NotNil(t, more, page)
	page = a.get(t, strings.ReplaceAll(more[1], "&amp;", "&"))
	require.Len(t, aDocument.FindAllString(page, -1), 1)
	require.Contains(t, page, "Back</a>")
	require.NotContains(t, page, "More</a>")
	require.Len(t, aDocument.FindAllString(a.get(t, "/documents?q=PLAN+0"), -1), 10)
	require.Len(t, aDocument.FindAllString(a.get(t, "/documents?q=%3C1"), -1), 1)
	for _, query := range []string{"%25", "_", "%5C"} {
		require.Empty(t, aDocument.FindAllString(a.get(t, "/documents?q="+query), -1), "%s is no wildcard", query)
	}
	status, page := a.send(t, "GET", "/documents?q="+strings.Repeat("_", 26_000), nil)
	require.Less(t, status, 500, page) // nginx answers 414
	for _, query := range []string{"q=%00%ff%25", "page=-1", "page=x", "page=9223372036854775807", "page=99999999999999999999"} {
		a.get(t, "/documents?"+query)
	}
}

func longNameIsKept(t *testing.T, a *app) {
	name := strings.Repeat("漢", 90)
	status, _ := a.post(t, "/documents", url.Values{"name": {name}, "text": {"Build it."}})
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, a.get(t, "/documents?q="+url.QueryEscape(name)), ">"+name+"</a>")
}

func rowsOfCSV(t *testing.T, a *app) {
	res, text := a.do(t, a.client, "GET", "/documents.csv", nil)
	require.Equal(t, http.StatusOK, res.StatusCode)
	require.Equal(t, "text/csv; charset=utf-8", res.Header.Get("Content-Type"))
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 1+21)
	require.Equal(t, []string{"name", "created at"}, rows[0])
	require.Equal(t, "Größe <1>.bin", rows[1][0])
	created, err := time.Parse(time.RFC3339, rows[1][1])
	require.NoError(t, err)
	require.WithinDuration(t, time.Now(), created, time.Hour)
}

// The app sends the second event after the test has read the first, in the same
// response.
func eventsArriveOneByOne(t *testing.T, a *app) {
	r, err := http.NewRequestWithContext(t.Context(), "GET", a.url+"/events", nil)
	require.NoError(t, err)
	res, err := a.client.Do(r)
	require.NoError(t, err)
	defer res.Body.Close()
	require.Equal(t, "text/event-stream", res.Header.Get("Content-Type"))
	lines := bufio.NewReader(res.Body)
	next := func() (n int) {
		t.Helper()
		line, err := lines.ReadString('\n')
		require.NoError(t, err)
		_, err = fmt.Sscanf(line, `data: {"data":%d,"type":"documents"}`, &n)
		require.NoError(t, err, line)
		_, err = lines.ReadString('\n')
		require.NoError(t, err)
		return n
	}
	before := next()
	status, _ := upload(t, a, "another.txt", []byte("another"))
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, before+1, next())

	anonymous, _ := a.do(t, &http.Client{Transport: a.transport}, "GET", "/events", nil)
	require.Equal(t, "/login", anonymous.Request.URL.Path)
}

func webSocketEchoes(t *testing.T, a *app) {
	address := "ws" + strings.TrimPrefix(a.url, "http") + "/echo"
	conn, _, err := websocket.Dial(t.Context(), address, &websocket.DialOptions{HTTPClient: a.client})
	require.NoError(t, err)
	defer conn.CloseNow()
	for _, message := range []string{"first", strings.Repeat("second", 1000)} {
		require.NoError(t, conn.Write(t.Context(), websocket.MessageText, []byte(message)))
		_, back, err := conn.Read(t.Context())
		require.NoError(t, err)
		require.Equal(t, message, string(back))
	}
	require.NoError(t, conn.Close(websocket.StatusNormalClosure, ""))

	_, res, err := websocket.Dial(t.Context(), address, &websocket.DialOptions{HTTPClient: a.client,
		HTTPHeader: http.Header{"Origin": {"https://evil.example"}}})
	require.Error(t, err, "from a page of another origin")
	require.Equal(t, http.StatusForbidden, res.StatusCode)
}

func groupIsForAdmins(t *testing.T, a *app) {
	other := a.browser(t, bob, bobPassword)
	ask := func(client *http.Client) (status int, path string) {
		t.Helper()
		res, _ := a.do(t, client, "GET", "/admin", nil)
		return res.StatusCode, res.Request.URL.Path
	}
	status, _ := ask(a.client)
	require.Equal(t, http.StatusForbidden, status)
	a.task("user:admin", ada)
	status, _ = ask(a.client)
	require.Equal(t, http.StatusOK, status)
	status, _ = ask(other)
	require.Equal(t, http.StatusForbidden, status)
	status, path := ask(&http.Client{Transport: a.transport})
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, "/login", path)
}

func digestIsMailed(t *testing.T, a *app) {
	status, _ := a.post(t, "/digest", nil)
	require.Equal(t, http.StatusOK, status)
	text := a.mail(t, "Your documents")
	require.Contains(t, text, "- Größe <1>.bin\n- Plan 00 & more\n- Plan 01 & more\n", "the text is not escaped")
	require.Contains(t, text, a.url+"/documents")
}

var aLinkedMail = regexp.MustCompile(`href="(/dev/mail/[0-9a-f-]+)">([^<]*)<`)

func (a *app) outboxMail(t *testing.T, subject string) (text string) {
	t.Helper()
	var path string
	require.Eventually(t, func() bool {
		for _, found := range aLinkedMail.FindAllStringSubmatch(a.get(t, "/dev/mail"), -1) {
			if found[2] == subject {
				path = found[1]
			}
		}
		return path != ""
	}, time.Minute, 20*time.Millisecond)
	page := a.get(t, path)
	require.Contains(t, a.get(t, path+"?html"), "<li>Größe &lt;1&gt;.bin</li>")
	return strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(page)
}

func policiesAndFiles(t *testing.T, a *app) {
	everywhere := web.DefaultPolicy.Allow("font-src", "'self'")
	policy := func(path string) (policy, page string) {
		t.Helper()
		res, page := a.do(t, a.client, "GET", path, nil)
		require.Equal(t, http.StatusOK, res.StatusCode, path)
		require.Len(t, res.Header.Values("Content-Security-Policy"), 1)
		require.Empty(t, res.Header.Get("Cross-Origin-Embedder-Policy"))
		return res.Header.Get("Content-Security-Policy"), page
	}
	header, page := policy("/documents")
	require.Equal(t, string(everywhere.Without("require-trusted-types-for")), header)
	for _, file := range regexp.MustCompile(`src="(/assets/js/(?:htmx|documents)[^"]+)"`).FindAllStringSubmatch(page, -1) {
		require.NotEmpty(t, a.get(t, file[1]))
	}
	header, page = policy("/clock")
	require.Contains(t, page, `src="https://images.example.com/`)
	nonce := regexp.MustCompile(`<script nonce="(\w+)">`).FindStringSubmatch(page)
	require.NotNil(t, nonce, page)
	require.Equal(t, string(everywhere.Allow("script-src", "'nonce-"+nonce[1]+"'").Allow("img-src", "https://images.example.com")), header)
	_, again := policy("/clock")
	require.NotContains(t, again, nonce[1])
	alpine := regexp.MustCompile(`src="(/assets/js/alpine[^"]+)"`).FindStringSubmatch(page)
	require.NotNil(t, alpine)
	require.NotEmpty(t, a.get(t, alpine[1]))
	header, _ = policy("/account")
	require.Equal(t, string(everywhere), header)

	stylesheet := regexp.MustCompile(`href="(/assets/css/[^"]+)"`).FindStringSubmatch(page)
	font := regexp.MustCompile(`url\("(/assets/fonts/[^"]+)"\)`).FindStringSubmatch(a.get(t, stylesheet[1]))
	require.NotNil(t, font)
	res, content := a.do(t, a.client, "GET", font[1], nil)
	require.Equal(t, http.StatusOK, res.StatusCode)
	require.Equal(t, "font/woff2", res.Header.Get("Content-Type"))
	require.True(t, strings.HasPrefix(content, "wOF2"))

	res, fragment := a.do(t, a.client, "GET", "/documents?q=plan+01", nil, "HX-Request", "true")
	require.Equal(t, http.StatusOK, res.StatusCode)
	require.NotContains(t, fragment, "<html")
	require.Equal(t, "Plan 01 &amp; more", aDocument.FindStringSubmatch(fragment)[2])
}
