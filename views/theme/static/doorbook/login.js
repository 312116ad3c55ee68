// Sign-in: show the password, fill in a demo account.
import { on, one } from "doorbook/dom";

on("click", "[data-show]", (_, button) => {
  const input = document.getElementById(button.dataset.show);
  input.type = input.type === "password" ? "text" : "password";
});

on("click", ".demo-account", (_, button) => {
  one("#username").value = button.dataset.login;
  if (button.dataset.password) {
    one("#password").value = button.dataset.password;
    one("#login-form .primary").focus();
  } else one("#password").focus();
});
