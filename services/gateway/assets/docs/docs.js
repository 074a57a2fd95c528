// Shows the API description with Swagger UI. Where the description needs a key, asks for one; the key stays in the memory
// of this page.
const keyForm = document.getElementById("key-form");
const problem = document.getElementById("problem");

/** @param {string | undefined} key */
async function show(key) {
  const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
  const response = await fetch("docs/openapi.json", { headers });
  keyForm.hidden = response.status !== 401;
  if (!response.ok) {
    complain(key === undefined && response.status === 401 ? "" : (await response.json()).detail);
    return;
  }
  complain("");
  const ui = window.SwaggerUIBundle({
    dom_id: "#api",
    spec: await response.json(),
    deepLinking: true,
    docExpansion: "list",
    defaultModelsExpandDepth: 0,
    // Its validator is on another host.
    validatorUrl: null,
    onComplete: () => {
      if (key !== undefined) ui.preauthorizeApiKey("bearer", key);
    },
  });
}

/** @param {string} text */
function complain(text) {
  problem.textContent = text;
  problem.hidden = text === "";
}

/** @param {string | undefined} key */
function showOrComplain(key) {
  show(key).catch((error) => complain(`The API description cannot be shown: ${error.message}`));
}

keyForm.addEventListener("submit", (event) => {
  event.preventDefault();
  showOrComplain(document.getElementById("key").value.trim());
});

showOrComplain(undefined);
