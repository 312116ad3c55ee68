// A button that prints: scripts stand in files, never in attributes.
import { on } from "doorbook/dom";

on("click", "[data-print]", () => window.print());
