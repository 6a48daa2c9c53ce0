import { defineConfig } from 'vitest/config';

const ALL = 'test/**/*.test.ts';
/** What needs a real counterpart or a process of its own: servers, other implementations, packages, kills. */
const STACK = 'test/stack/**/*.test.ts';
/** What is tested of the packaged service, which is packaged once. */
const PACKAGE = 'test/stack/package/**/*.test.ts';
/** What replaces a module for everything that imports it. */
const ISOLATED = ['test/push/receive/receive-webhook.test.ts', 'test/platform/secrets/verify-webhook.test.ts'];

/**
 * Vitest keeps a processor free, of two one. What takes seconds on a quiet machine takes minutes on a busy one: the
 * times here end what hangs, and nothing else.
 */
const shared = { testTimeout: 120_000, hookTimeout: 300_000, maxWorkers: '100%' } as const;

export default defineConfig({
  test: {
    projects: [
      // Files share a process and its modules: a file that changes something of a process puts it back.
      { test: { ...shared, name: 'unit', include: [ALL], exclude: [STACK, ...ISOLATED], isolate: false } },
      { test: { ...shared, name: 'isolated', include: ISOLATED } },
      { test: { ...shared, name: 'stack', include: [STACK], exclude: [PACKAGE] } },
      { test: { ...shared, name: 'package', include: [PACKAGE], globalSetup: 'test/stack/package/set-up.ts' } },
    ],
  },
});
