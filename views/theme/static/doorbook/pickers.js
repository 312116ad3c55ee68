// Look-ups (tom-select) and dates (flatpickr), both from the fields' own data attributes.
import { createInPlace } from "doorbook/create";
import { all, make, one } from "doorbook/dom";

const { TomSelect, flatpickr } = window;
const chinese = document.documentElement.lang.startsWith("zh");
// The package's own Chinese leaves out what is read aloud to who does not see the calendar.
if (chinese && flatpickr?.l10ns.zh)
  Object.assign(flatpickr.l10ns.zh, { yearAriaLabel: "年份", monthAriaLabel: "月份", hourAriaLabel: "小时", minuteAriaLabel: "分钟", scrollTitle: "滚动可调整", toggleTitle: "点击切换" });

/** The address of a look-up with what has been typed and the fields it hangs on. */
function address(select, query) {
  const url = new URL(select.dataset.lookupUrl, location.href);
  url.searchParams.set("q", query);
  for (const [name, field] of above(select)) url.searchParams.set(name, field.value);
  return url;
}

/** The fields a look-up hangs on, each with what the server calls it: by id or name, `unit_id:unit` for a longer way. */
function above(select) {
  const names = (select.dataset.depends ?? "").split(/[\s,]+/).filter(Boolean);
  return names
    .map((said) => said.split(":"))
    .map(([name, table]) => [
      table ? `_of_${table}` : name,
      document.getElementById(name) ?? select.form?.elements[name] ?? one(`[name="${CSS.escape(name)}"]`, select.closest("tr") ?? undefined),
    ])
    .filter(([, field]) => field);
}

function lookUp(select) {
  const { none, further, clear } = select.dataset; // the words, in the language of the page
  let found = null;
  const creates = Boolean(select.dataset.createUrl && one("#create-words")); // a grid of children has no dialog
  const control = new TomSelect(select, {
    // What was not found is entered on the spot, in that table's own form; the hits stay the first choice.
    create: creates ? (typed, done) => createInPlace(select, typed, lookUpIn).then((row) => done(row ?? undefined)) : false,
    createFilter: (typed) => typed.trim() !== "" && found === typed.trim(), // offered once it is known that it is not there
    // Hits of what was typed before are gone at once: Enter must never choose one of them.
    onType: () => control.clearOptions((option, value) => control.items.includes(String(value))),
    addPrecedence: false,
    valueField: "id",
    labelField: "text",
    searchField: [], // the server has searched, by code, name and initials: everything it names is a hit
    placeholder: select.dataset.placeholder,
    maxOptions: 50,
    loadThrottle: 160,
    openOnFocus: true,
    preload: "focus",
    selectOnTab: true,
    closeAfterSelect: true,
    dropdownParent: select.closest(".grid-scroll") ? "body" : null, // what scrolls would cut the hits off
    loadingClass: "loading-hits",
    plugins: { clear_button: { title: clear, html: () => `<button type="button" class="clear-button" tabindex="-1" aria-label="${clear}">×</button>` } },
    score: () => () => 1,
    shouldLoad: () => true,
    load(query, done) {
      fetch(address(select, query), { credentials: "same-origin", headers: { Accept: "application/json" } })
        .then((answer) => (answer.ok ? answer.json() : Promise.reject(answer.status)))
        .then((said) => {
          // Only what was just found is on offer; what is chosen stays known.
          control.clearOptions((option, value) => control.items.includes(String(value)));
          select.dataset.more = said.more ? "1" : "";
          found = query.trim();
          const open = control.isOpen;
          done(said.items); // opens the list of whatever is focused, also where the choice was made meanwhile
          if (!open && control.items.length) control.close(false);
        })
        .catch(() => done());
    },
    // What waits to be looked up is void once the choice is made: it would open the list again, over what lies below.
    onItemAdd() {
      clearTimeout(control.refreshTimeout);
      control.refreshTimeout = null;
    },
    onDropdownOpen(dropdown) {
      one(".more", dropdown)?.remove();
      if (select.dataset.more) dropdown.append(make("div", { class: "more" }, further));
    },
    onLoad() {
      const dropdown = control.dropdown;
      one(".more", dropdown)?.remove();
      if (select.dataset.more) dropdown.append(make("div", { class: "more" }, further));
    },
    render: {
      option: (item) => {
        const box = make("div", {}, item.text);
        if (item.detail) box.append(make("small", {}, item.detail));
        return box;
      },
      item: (item) => make("div", {}, item.text),
      option_create: (data) => make("div", { class: "create" }, `${select.dataset.create} “${data.input}”…`),
      no_results: () => make("div", { class: "no-results" }, none),
      loading: () => make("div", { class: "no-results" }, "…"),
      not_loading: null,
    },
  });
  select.setAttribute("aria-hidden", "true"); // the control speaks for it from here on
  if (select.getAttribute("aria-describedby")) control.control_input.setAttribute("aria-describedby", select.getAttribute("aria-describedby"));
  if (select.getAttribute("aria-invalid")) control.control_input.setAttribute("aria-invalid", "true");

  // Another project: the building chosen below it no longer holds.
  for (const [, field] of above(select))
    field.addEventListener("change", () => {
      control.clear();
      control.clearOptions();
      control.load("");
    });
}

function lookUpIn(root) {
  for (const select of all("select[data-lookup-url]", root)) lookUp(select);
}

/** Makes the look-ups and dates below `root` work; called again for fields that are drawn later. */
export function equip(root = document) {
  if (TomSelect) {
    lookUpIn(root);
    for (const select of all("select[data-many]", root)) new TomSelect(select, { plugins: ["remove_button"], render: { no_results: () => make("div", { class: "no-results" }, select.dataset.none) } });
  }
  if (flatpickr) {
    for (const input of all("[data-picker]", root)) {
      const moment = input.dataset.picker === "moment";
      // A calendar for the mouse; whoever types the date finds what was typed untouched, right or wrong.
      flatpickr(input, {
        allowInput: true,
        allowInvalidPreload: true,
        dateFormat: moment ? "Y-m-d H:i" : "Y-m-d",
        disableMobile: true,
        enableTime: moment,
        maxDate: input.dataset.last,
        locale: chinese && flatpickr.l10ns.zh ? "zh" : "default",
        time_24hr: true,
      });
    }
  }
}
equip();
