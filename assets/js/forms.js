// A form is sent once, however often its button is pressed: again after Back,
// or when the answer takes so long that somebody may have stopped it.

const patience = 10000 // milliseconds
const sent = new Set()

function release(form) {
  sent.delete(form)
  for (const button of form.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy")
}

addEventListener("submit", (event) => {
  const form = event.target
  if (sent.has(form)) return event.preventDefault()
  sent.add(form)
  event.submitter?.setAttribute("aria-busy", "true")
  setTimeout(release, patience, form)
})

addEventListener("pageshow", () => sent.forEach(release))
