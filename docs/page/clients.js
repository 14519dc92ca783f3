// The recipes of clients.md, one language at a time.

const at = (id) => document.getElementById(id);

// The first block of code below each heading.
function recipes(page) {
  return page.split(/^## /m).slice(1).flatMap((section) => {
    const code = /^```\w+\n(.*?)^```$/ms.exec(section);
    return code ? [[section.slice(0, section.indexOf("\n")), code[1]]] : [];
  });
}

export async function start() {
  const response = await fetch("clients.md");
  const found = new Map(recipes(await response.text()));
  const show = () => (at("client").textContent = found.get(at("language").value));
  at("language").replaceChildren(...[...found.keys()].map((name) => new Option(name)));
  at("language").addEventListener("change", show);
  at("base").textContent = location.origin;
  show();
}
