// Sends a form once, however often its button is pressed, until Back or a
// time-out: the user may have stopped the request.

const timeout = 10000 // milliseconds
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
  setTimeout(release, timeout, form)
})

addEventListener("pageshow", () => sent.forEach(release))

// No server sees the fragment of the page to go to after a login: the browser
// keeps it from form to redirect.
if (location.hash) {
  for (const field of document.querySelectorAll("[name=next]")) field.form.action += location.hash
}
