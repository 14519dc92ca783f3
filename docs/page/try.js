// The forms of the API's page: each sends its operation and shows what comes back.

const MOST = 2000; // characters of a body that are shown

async function answer(form) {
  const query = new URLSearchParams(new FormData(form)).toString();
  const address = new URL(form.action);
  address.search = query;
  const method = form.dataset.method;
  const response = await fetch(address, { method, headers: { Accept: form.dataset.accept } });
  const body = await response.text();
  const headers = [...response.headers].map(([name, value]) => `${name}: ${value}`);
  return [`${method} ${address.pathname}${address.search}`, "", `${response.status} ${response.statusText}`,
          ...headers, "", body.length > MOST ? `${body.slice(0, MOST)}…` : body].join("\n");
}

for (const form of document.querySelectorAll("form"))
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const shown = form.parentElement.querySelector("pre");
    shown.textContent = await answer(form).catch((error) => `The server cannot be reached: ${error.message}`);
    shown.hidden = false;
  });
