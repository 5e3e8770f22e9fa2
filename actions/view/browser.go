package view

// Browser says in words what a browser calls itself and its system, or "" when
// it tells neither.
func Browser(t Translate, name, system string) string {
	if name != "" && system != "" {
		return t("browser.on_system", map[string]any{"browser": name, "system": system})
	}
	return name + system
}
