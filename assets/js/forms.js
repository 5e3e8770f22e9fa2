// Sends a form once, however often its button is pressed. After Back or ten seconds
// it can be sent again: the user may have stopped the request.

const timeout = 10000 // milliseconds
const sent = new Set()

function release(form) {
  sent.delete(form)
  for (const button of form.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy")
}

addEventListener("submit", (event) => {
  const form = event.target
  if (event.defaultPrevented || form.method === "dialog") return
  if (sent.has(form)) return event.preventDefault()
  sent.add(form)
  event.submitter?.setAttribute("aria-busy", "true")
  setTimeout(release, timeout, form)
})

addEventListener("pageshow", () => sent.forEach(release))

// Keeps the fragment of the page to return to after a login: a browser does not send
// it to the server.
if (location.hash) {
  for (const field of document.querySelectorAll("[name=next]")) field.form.action += location.hash
}
