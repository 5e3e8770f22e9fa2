// Help with typing a password. The page has its texts.
const words = document.querySelector("#password-words").dataset

for (const input of document.querySelectorAll("input[type=password]")) {
  addReveal(input)
  const caps = addStatus(input)
  const strength = input.dataset.min && addStrength(input)
  for (const event of ["keydown", "keyup", "click"]) {
    input.addEventListener(event, (e) => say(caps, e.getModifierState?.("CapsLock") ? words.caps : ""))
  }
  input.addEventListener("blur", () => say(caps, ""))
  input.addEventListener("input", () => strength?.())
}

// Adds a button that shows the password. The script hides the password again before
// the form is sent or the page is left: password managers look for a password field.
function addReveal(input) {
  const button = element("button", { type: "button", className: "reveal", title: words.show })
  button.setAttribute("aria-label", words.show)
  button.setAttribute("aria-controls", input.id)
  button.append(eye())
  const show = (shown) => {
    input.type = shown ? "text" : "password"
    button.setAttribute("aria-pressed", shown)
  }
  show(false)
  button.addEventListener("click", () => show(input.type === "password"))
  input.form.addEventListener("submit", () => show(false))
  addEventListener("pagehide", () => {
    show(false)
    input.value = "" // Back may restore this page after a logout
    input.dispatchEvent(new Event("input")) // empties the meter, too
  })
  input.after(button)
}

function eye() {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg")
  for (const [name, value] of Object.entries({ viewBox: "0 0 24 24", width: 22, height: 22, "aria-hidden": true })) svg.setAttribute(name, value)
  for (const d of ["M2 12s3.6-6.5 10-6.5S22 12 22 12s-3.6 6.5-10 6.5S2 12 2 12Z", "M12 9a3 3 0 1 1 0 6 3 3 0 0 1 0-6Z", "m4 4 16 16"]) {
    const path = document.createElementNS(svg.namespaceURI, "path")
    path.setAttribute("d", d)
    svg.append(path)
  }
  return svg
}

// Adds a meter of the length of a new password. Only the server knows which passwords
// are easy to guess; the texts say so.
function addStrength(input) {
  const meter = element("meter", { max: input.dataset.min, hidden: true, ariaHidden: "true" })
  const status = addStatus(input)
  status.before(meter)
  return () => {
    const found = verdict(input.value, +input.dataset.min, input.form.username?.value)
    meter.hidden = !input.value
    meter.value = [...input.value].length
    meter.className = status.dataset.verdict = input.value && found
    say(status, input.value && words[found])
  }
}

// Checks what models.CheckPassword checks, as far as a script can. It never refuses a
// password that the server accepts.
function verdict(password, min, email) {
  const judged = [...password].slice(0, 64).join("")
  if ([...password].length > 128) return "long"
  if ([...password.normalize("NFC")].length < min) return "short"
  if (/^(.{1,6})\1+$|^(.{1,3})\2{3,}.{0,2}$/su.test(judged) || password.toLowerCase() === email) return "easy"
  return "enough"
}

// Adds a line below the field, which screen readers announce when it changes.
function addStatus(input) {
  const line = element("p", { className: "form-text status" })
  line.setAttribute("role", "status")
  input.parentElement.append(line)
  return line
}

function say(line, text) {
  if (line.textContent !== text) line.textContent = text
}

function element(name, properties) {
  return Object.assign(document.createElement(name), properties)
}
