// For pages of logged-in users.

// Shows times in the browser's time zone. The template helper moment writes them in UTC.
const local = new Intl.DateTimeFormat(`${document.documentElement.lang}-u-nu-latn`, { dateStyle: "medium", timeStyle: "short" })
for (const time of document.querySelectorAll(`time[datetime*="T"][datetime$="Z"]`)) {
  time.title = time.textContent
  time.textContent = local.format(new Date(time.dateTime))
}

// Hides and reloads a page that Back restores: the user may have logged out since.
addEventListener("pagehide", ({ persisted }) => {
  document.documentElement.hidden = persisted
})
addEventListener("pageshow", ({ persisted }) => {
  if (persisted) location.reload()
})
