package i18n

// Browser describes a browser by its name and its system, either of which may
// be "": the text browser.on_system joins both.
func Browser(t Translate, name, system string) string {
	if name != "" && system != "" {
		return t("browser.on_system", map[string]any{"browser": name, "system": system})
	}
	return name + system
}
