import { render } from 'preact';
import { followNetwork } from './api/reach.ts';
import { startSignIn } from './api/sign-in.ts';
import { App } from './app.tsx';

/** Loads the styles that the page said it will need. */
async function loadStyles(): Promise<void> {
  const named = document.querySelector<HTMLLinkElement>('link[rel="preload"][as="style"]');
  const styles = document.createElement('link');
  styles.rel = 'stylesheet';
  styles.href = named?.href ?? '';
  const settled = new Promise<unknown>((resolve) => {
    styles.addEventListener('load', resolve);
    styles.addEventListener('error', resolve);
  });
  document.head.append(styles);
  await settled;
}

/** The frame of the page is painted before anything is made of the rest. */
async function waitForFrame(): Promise<void> {
  if (document.visibilityState === 'hidden') return;
  await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
}

async function start(): Promise<void> {
  await waitForFrame();
  await Promise.all([loadStyles(), startSignIn()]);
  const root = document.getElementById('app');
  if (root === null) throw new Error('the page has no place for the application');
  followNetwork();
  root.replaceChildren();
  render(<App />, root);
}

start().catch(reportError);
