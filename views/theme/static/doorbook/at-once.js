// A form that is sent on by itself; its button is for where scripts do not run.
import { one } from "doorbook/dom";

one("#at-once").requestSubmit();
