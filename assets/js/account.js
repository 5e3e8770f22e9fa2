// For pages that somebody is signed in on.

// Times in the zone of the browser; the page says them in UTC.
const here = new Intl.DateTimeFormat(`${document.documentElement.lang}-u-nu-latn`, { dateStyle: "medium", timeStyle: "short" })
for (const time of document.querySelectorAll("time")) {
  time.title = time.textContent
  time.textContent = here.format(new Date(time.dateTime))
}

// A page that the browser keeps for Back shows nothing until it has been asked
// for again: its owner may have logged out since.
addEventListener("pagehide", ({ persisted }) => {
  document.documentElement.hidden = persisted
})
addEventListener("pageshow", ({ persisted }) => {
  if (persisted) location.reload()
})
