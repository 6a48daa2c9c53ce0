import { afterAll, beforeAll } from 'vitest';
import type { Browser } from '../../../console/browser.ts';
import { openBrowser, type Scene, TIMES } from './scene.ts';

/** A scene and a browser for the tests of a `describe`; there is neither before its first test. */
export function useScene<S extends Scene>(start: () => Promise<S>): { readonly scene: S; readonly browser: Browser } {
  let open: { readonly scene: S; readonly browser: Browser } | undefined;
  beforeAll(async () => {
    open = { scene: await start(), browser: await openBrowser() };
  }, TIMES.timeout);
  afterAll(async () => {
    await open?.browser.close();
    await open?.scene.close();
  });
  const read = () => {
    if (open === undefined) throw new Error('the scene is not open');
    return open;
  };
  return {
    get scene() {
      return read().scene;
    },
    get browser() {
      return read().browser;
    },
  };
}
