package useragent_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"corral/internal/useragent"
)

func TestName(t *testing.T) {
	const webkit = " AppleWebKit/537.36 (KHTML, like Gecko) "
	for header, want := range map[string][2]string{
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64)" + webkit + "Chrome/131.0.0.0 Safari/537.36":                              {"Chrome", "Windows"},
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64)" + webkit + "Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0":                {"Edge", "Windows"},
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64)" + webkit + "Chrome/131.0.0.0 Safari/537.36 OPR/116.0.0.0":                {"Opera", "Windows"},
		"Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0":                                             {"Firefox", "Linux"},
		"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0)" + webkit + "Chrome/131.0.0.0 Safari/537.36":                               {"Chrome", "ChromeOS"},
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)" + webkit + "Version/18.1 Safari/605.1.15":                          {"Safari", "macOS"},
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X)" + webkit + "Version/18.1 Mobile/15E148 Safari/604.1":        {"Safari", "iPhone"},
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X)" + webkit + "CriOS/131.0.6778.73 Mobile/15E148 Safari/604.1": {"Chrome", "iPhone"},
		"Mozilla/5.0 (iPad; CPU OS 17_7 like Mac OS X)" + webkit + "Version/17.7 Mobile/15E148 Safari/604.1":                 {"Safari", "iPad"},
		"Mozilla/5.0 (Linux; Android 14; Pixel 8)" + webkit + "Chrome/131.0.0.0 Mobile Safari/537.36":                        {"Chrome", "Android"},
		"Mozilla/5.0 (Android 14; Mobile; rv:133.0) Gecko/133.0 Firefox/133.0":                                               {"Firefox", "Android"},
		"Mozilla/5.0 (X11; FreeBSD amd64; rv:133.0) Gecko/20100101 Firefox/133.0":                                            {"Firefox", ""},
		"Opera/9.80 (J2ME/MIDP; Opera Mini/9.80; U; en) Presto/2.12":                                                         {"Opera Mini", ""},
		"Mozilla/5.0 (Linux; Android 14; SM-S911B)" + webkit + "SamsungBrowser/27.0 Chrome/125.0.0.0 Mobile Safari/537.36":   {"Samsung Browser", "Android"},
		"python-requests/2.32.3":        {"python-requests", ""},
		"curl/8.5.0":                    {"curl", ""},
		"Mozilla/5.0 (Windows NT 10.0)": {"", "Windows"},
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X)": {"", "iPhone"},
		"":                          {"", ""},
		"Mozilla/5.0":               {"", ""},
		"<script>alert(1)</script>": {"", ""},
		"((((((":                    {"", ""},
		"/1 /2 ;;;":                 {"", ""},
		strings.Repeat("x", 255):    {"", ""},
		"account-blocked.example/1": {"", ""},
		"Mozilla/5.0 (Windows NT 10.0) Log in at bank.example/2": {"", "Windows"},
		"Call 555 0100 now/1":  {"", ""},
		"call-1-555-0100/1":    {"", ""},
		"Your account is gone": {"", ""},
	} {
		name, system := useragent.Name(header)
		require.Equal(t, want, [2]string{name, system}, header)
	}
}

func TestDescribe(t *testing.T) {
	for header, want := range map[string]string{
		"Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0": "Firefox on Linux",
		"curl/8.5.0":                    "curl",
		"Mozilla/5.0 (Windows NT 10.0)": "Windows",
		"":                              "an unknown browser",
	} {
		require.Equal(t, want, useragent.Describe(header))
	}
}

func TestPrintable(t *testing.T) {
	const header = "Fire\r\nBcc: x\x00\u202e\xfffox"
	for n, want := range map[int]string{100: "FireBcc: xfox", 13: "FireBcc: xfox", 4: "Fire", 0: ""} {
		require.Equal(t, want, useragent.Printable(header, n))
	}
	require.Equal(t, "xéé", useragent.Printable("x"+strings.Repeat("é", 500), 6), "no half character")
}
