// Passkeys. The page has the texts, and a box with a button for each use of passkeys:
// data-passkey is the path that answers are sent to, data-method the method if it is not
// POST, data-new makes a new passkey, and data-autofill also offers passkeys by autofill.
const words = document.querySelector("#passkey-words").dataset
const maxAge = 4 * 60 * 1000 // milliseconds; a challenge expires after five minutes

let controller = new AbortController() // aborts the browser's prompt: a browser shows only one
let busy = false // since a button was pressed
let offeredAt = 0

if (window.PublicKeyCredential?.parseRequestOptionsFromJSON) start()
else for (const text of document.querySelectorAll("[data-passkeys-missing]")) text.hidden = false

function start() {
  for (const box of document.querySelectorAll("[data-passkey]")) {
    box.hidden = false
    box.querySelector("button").addEventListener("click", () => press(box))
  }
  if (words.user) tell("signalCurrentUserDetails", { userId: words.user, name: words.email, displayName: words.email })
  const login = document.querySelector("[data-autofill]")
  if (!login) return
  offer(login)
  setInterval(() => Date.now() - offeredAt > maxAge && offer(login), 10000)
  addEventListener("pageshow", ({ persisted }) => persisted && location.reload()) // Back restores an old offer
}

async function press(box) {
  if (busy) return
  busy = true
  say(box, "")
  const button = box.querySelector("button")
  button.setAttribute("aria-busy", "true")
  try {
    await run(box, {})
  } catch (error) {
    if (error.status === 401 || error.status === 403) return location.reload() // the user must log in or confirm again
    explain(box, error)
  }
  button.removeAttribute("aria-busy")
  busy = false
  if ("autofill" in box.dataset) offer(box)
}

// Offers passkeys among the saved passwords that the browser suggests, until the user chooses
// one or presses the button.
async function offer(box) {
  offeredAt = Date.now()
  if (!(await PublicKeyCredential.isConditionalMediationAvailable?.()) || busy) return
  try {
    await run(box, { mediation: "conditional" })
  } catch (error) {
    if (!error.chosen) return // the user has not chosen a passkey
    explain(box, error)
    offer(box)
  }
}

// Requests a challenge, prompts the user for a passkey, sends its answer, and goes to the
// page that the app's response names.
async function run(box, how) {
  controller.abort()
  const { signal } = (controller = new AbortController())
  const path = box.dataset.passkey
  const { publicKey, state } = await send(`${path}/options`, {})
  signal.throwIfAborted()
  const credential = "new" in box.dataset
    ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(publicKey), signal })
    : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(publicKey), signal, ...how })
  const next = document.querySelector("[name=next]")?.value ?? new URLSearchParams(location.search).get("next")
  const link = document.querySelector("[name=link]")?.value // names the login that the page is for
  const checked = (name) => document.querySelector(`[name=${name}]`)?.checked
  try {
    const page = await send(path, { state, credential, next, link, remember: checked("remember"), skip: checked("skip") }, box.dataset.method)
    location.assign(page.location + (next ? location.hash : "")) // the server has not seen the fragment of next
    return new Promise(() => {}) // never resolves: the next page loads
  } catch (error) {
    if (error.forget) tell("signalUnknownCredential", { credentialId: credential.id })
    throw Object.assign(error, { chosen: true })
  }
}

async function send(path, body, method = "POST") {
  const response = await fetch(path, {
    method,
    headers: { "Content-Type": "application/json", Accept: "application/json" },
    body: JSON.stringify(body),
  })
  const said = await response.json()
  if (response.ok) return said
  throw Object.assign(new Error(), said)
}

// Shows an error, unless the user has cancelled.
function explain(box, error) {
  if (error.name === "AbortError" || error.name === "NotAllowedError") return
  say(box, error.name === "InvalidStateError" ? words.there : error.detail || words.failed)
}

function say(box, text) {
  box.querySelector("[role=alert]").textContent = text
}

// Calls a method of the Signal API, if the browser has it.
function tell(method, details) {
  PublicKeyCredential[method]?.({ rpId: location.hostname, ...details }).catch(() => {})
}
