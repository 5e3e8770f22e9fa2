package i18n

// Browser describes a browser by its name and system, joined by the text
// browser.on_system unless one is "".
func Browser(t Translate, name, system string) string {
	if name != "" && system != "" {
		return t("browser.on_system", map[string]any{"browser": name, "system": system})
	}
	return name + system
}
