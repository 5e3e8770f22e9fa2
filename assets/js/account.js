// For pages of logged-in users.

// Shows times in the browser's time zone; the page has them in UTC.
const here = new Intl.DateTimeFormat(`${document.documentElement.lang}-u-nu-latn`, { dateStyle: "medium", timeStyle: "short" })
for (const time of document.querySelectorAll("time")) {
  time.title = time.textContent
  time.textContent = here.format(new Date(time.dateTime))
}

// Hides a page that Back restores until it is reloaded: the user may have logged
// out since.
addEventListener("pagehide", ({ persisted }) => {
  document.documentElement.hidden = persisted
})
addEventListener("pageshow", ({ persisted }) => {
  if (persisted) location.reload()
})
