// Debian's Chromium for tests and measurements of the page.

import { chromium } from "playwright-core";

export async function launch() {
  return chromium.launch({
    executablePath: process.env.PLAIT_CHROMIUM ?? "/usr/bin/chromium",
    // Containers have no user namespaces for its sandbox; what is opened here was made here.
    args: ["--no-sandbox", "--disable-dev-shm-usage"],
  });
}
