/** From this folder, where what the page is tested with is installed: with its packages, and nowhere else. */
export type { Browser, BrowserContextOptions, BrowserType, Page } from 'playwright-core';
