// The portal. It keeps nothing but the caller's token, in this tab, and shows what the API says.

const main = document.getElementById("main");
const trail = document.getElementById("trail");
const live = document.getElementById("live");
const notice = document.getElementById("notice");

// A link may bring a token after the '#', which never leaves the browser.
const brought = new URLSearchParams(location.hash.slice(1)).get("token");
if (brought) {
  sessionStorage.setItem("token", brought);
  history.replaceState(null, "", location.pathname);
}
const token = () => sessionStorage.getItem("token");

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== undefined && child !== null));
  return made;
}

function tell(message) {
  notice.textContent = message;
  notice.hidden = false;
  clearTimeout(tell.timer);
  tell.timer = setTimeout(() => { notice.hidden = true; }, 8000);
}

async function api(path, body) {
  const headers = { authorization: `Bearer ${token()}` };
  if (body) headers["content-type"] = "application/json";
  const answer = await fetch(path, { method: body ? "POST" : "GET", headers, body: body && JSON.stringify(body) });
  if (answer.status === 401) { showLogin(); throw new Error("Log in to go on."); }
  const read = await answer.json();
  if (!answer.ok) throw new Error(read.error ?? answer.statusText);
  return read;
}

function showLogin() {
  const field = element("input", { id: "token", type: "password", autocomplete: "off", required: true });
  main.replaceChildren(
    element("h1", {}, "Log in"),
    element("form", { class: "login", onsubmit: (event) => {
      event.preventDefault();
      sessionStorage.setItem("token", field.value.trim());
      route();
    } },
      element("label", { for: "token" }, "Your access token. The administrator's is printed by ",
        element("code", {}, "quintet token"), "."),
      field, element("button", { class: "main" }, "Log in")),
  );
  field.focus();
}

const condition = (object, type) => object?.status?.conditions?.find((one) => one.type === type);

/// One word and one sentence for how a binding fares.
function fares(binding) {
  if (!binding) return { kind: "none", word: "Not deployed", why: "Nothing runs here yet." };
  if (binding.metadata.deletionTimestamp) return { kind: "busy", word: "Leaving", why: "It is being removed." };
  if (binding.spec.state === "Undeploy") return { kind: "none", word: "Stopped", why: "It was taken out of this environment." };
  const ready = condition(binding, "Ready");
  if (!ready) return { kind: "busy", word: "Starting", why: "The platform is about to look at it." };
  if (ready.status === "True") return { kind: "good", word: "Ready", why: condition(binding, "ResourcesReady")?.message ?? ready.message };
  const failed = /Failed|NotFound|Degraded|Invalid|Missing|Conflict/.test(ready.reason);
  return { kind: failed ? "bad" : "busy", word: failed ? "Needs attention" : "On its way", why: ready.message };
}

const MEANING = {
  ReleaseSynced: "The release is handed to the cluster",
  ConnectionsResolved: "Everything it connects to is there",
  ResourceDependenciesReady: "Everything it needs is there",
  ResourcesReady: "Its objects run",
  Ready: "All in all",
};

function conditions(binding) {
  const list = binding?.status?.conditions ?? [];
  const mark = { True: ["✓", "ok", "yes"], False: ["✗", "no", "no"], Unknown: ["…", "maybe", "unknown"] };
  return element("ul", { class: "plain conditions" }, ...list.map((one) => {
    const [sign, style, word] = mark[one.status] ?? mark.Unknown;
    return element("li", {},
      element("span", { class: style, "aria-label": word }, sign),
      element("span", {}, MEANING[one.type] ?? one.type, element("small", {}, one.message)));
  }));
}

function endpoints(binding) {
  const text = (url) => `${url.scheme}://${url.host}${url.port ? `:${url.port}` : ""}${url.path ?? ""}`;
  return (binding?.status?.endpoints ?? []).flatMap((endpoint) => {
    const outside = Object.values(endpoint.externalURLs ?? {}).map((url) =>
      element("dd", {}, element("a", { href: text(url) }, text(url))));
    const inside = endpoint.serviceURL ? [element("dd", {}, text(endpoint.serviceURL))] : [];
    return [element("dt", {}, endpoint.name), ...(outside.length ? outside : inside)];
  });
}

async function act(button, path, body) {
  button.disabled = true;
  try { await api(path, body); } catch (error) { tell(error.message); } finally { button.disabled = false; }
}

function card(namespace, view, column) {
  const base = `/api/v1/namespaces/${namespace}/components/${view.component.metadata.name}`;
  const { binding, environment } = column;
  const state = fares(binding);
  const actions = [];
  const running = binding?.spec?.releaseName;
  if (view.releases.length) {
    const choice = element("select", { "aria-label": `Release for ${environment}` },
      ...view.releases.map((release) => element("option", { value: release, selected: release === running }, release)));
    actions.push(choice, element("button", { onclick: (event) =>
      act(event.target, `${base}/deploy`, { environment, releaseName: choice.value }) }, "Deploy"));
  }
  for (const to of running ? column.promotesTo : []) {
    actions.push(element("button", { class: "main", onclick: (event) =>
      act(event.target, `${base}/promote`, { from: environment, to }) }, `Promote to ${to}`));
  }
  return element("section", { class: "card", "aria-label": environment },
    element("div", { class: "row" }, element("h2", {}, environment), element("span", { class: `state ${state.kind}` }, state.word)),
    element("p", { class: "why" }, state.why),
    element("dl", {}, element("dt", {}, "release"), element("dd", {}, running ?? "–"), ...endpoints(binding)),
    conditions(binding),
    element("div", { class: "actions" }, ...actions));
}

async function showComponent(namespace, name) {
  const view = await api(`/api/v1/namespaces/${namespace}/components/${name}/view`);
  const { component } = view;
  const ready = condition(component, "Ready");
  trail.replaceChildren(`${namespace} / ${component.spec.owner.projectName} / ${name}`);
  document.title = `${name} · Quintet`;
  main.replaceChildren(
    element("h1", {}, component.metadata.annotations?.["openchoreo.dev/display-name"] ?? name),
    element("p", { class: "sub" }, `${component.spec.componentType.name} · ${ready?.message ?? "not looked at yet"}`),
    element("div", { class: "board" }, ...view.environments.map((column) => card(namespace, view, column))),
  );
}

async function showAll() {
  trail.replaceChildren("all components");
  document.title = "Quintet";
  const namespaces = (await api("/api/v1/namespaces")).items.map((one) => one.metadata.name);
  const rows = [];
  for (const namespace of namespaces) {
    const { items } = await api(`/api/v1/namespaces/${namespace}/components`);
    rows.push(...items.map((one) => element("tr", {},
      element("td", {}, element("a", { href: address(namespace, one.metadata.name) }, one.metadata.name)),
      element("td", {}, one.spec.owner.projectName), element("td", {}, one.spec.componentType.name),
      element("td", {}, condition(one, "Ready")?.message ?? ""))));
  }
  const heading = element("tr", {}, ...["Component", "Project", "Type", "State"].map((text) => element("th", {}, text)));
  main.replaceChildren(element("h1", {}, "Components"),
    rows.length ? element("table", {}, heading, ...rows) : element("p", {}, "There is no component yet. Try ", element("code", {}, "quintet apply -f samples/greeter"), "."));
}

const address = (namespace, name) => `/portal/namespaces/${namespace}/components/${name}`;

/// Namespace and component of the address, or neither.
const place = () => /^\/portal\/namespaces\/([^/]+)\/components\/([^/]+)\/?$/.exec(location.pathname)?.slice(1) ?? [];

async function show() {
  const [namespace, name] = place();
  try {
    await (name ? showComponent(namespace, name) : showAll());
  } catch (error) {
    if (!main.hasChildNodes()) main.replaceChildren(element("p", { class: "why" }, error.message));
    throw error;
  }
}

async function route() {
  if (!token()) return showLogin();
  try {
    await show();
  } catch (error) { tell(error.message); }
  // What is not there yet may come.
  if (token()) follow();
}

/// Follows the changes; every burst is one redraw. EventSource carries no token, so the stream is read by hand.
async function follow() {
  if (follow.running) return;
  follow.running = true;
  let last;
  for (;;) {
    try {
      const headers = { authorization: `Bearer ${token()}` };
      if (last) headers["last-event-id"] = last;
      const answer = await fetch("/events", { headers });
      if (!answer.ok) throw new Error(answer.statusText);
      live.textContent = "live"; live.classList.add("on");
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      let rest = "";
      for (;;) {
        const { value, done } = await reader.read();
        if (done) break;
        rest += value;
        const events = rest.split("\n\n");
        rest = events.pop();
        for (const event of events) {
          const id = /^id: ?(.*)$/m.exec(event)?.[1];
          if (id) last = id;
          if (/^event: ?(put|deleted)$/m.test(event)) redraw();
          if (/^event: ?expired$/m.test(event)) { last = undefined; redraw(); }
        }
      }
    } catch { /* The connection is made again below. */ }
    live.textContent = "connecting"; live.classList.remove("on");
    await new Promise((resolve) => { setTimeout(resolve, 1000); });
  }
}

function redraw() {
  clearTimeout(redraw.timer);
  redraw.timer = setTimeout(() => { show().catch((error) => tell(error.message)); }, 100);
}

route();
