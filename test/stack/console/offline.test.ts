import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { isRunnable, openPage, startDecidedScene, TIMES, verify, visit } from './scene.ts';
import { useScene } from './use-scene.ts';

/** A wire to the service that can be cut. */
async function openWire(
  url: string,
): Promise<{ readonly url: string; readonly server: Server; cut: boolean; sever: () => void }> {
  const { port, hostname } = new URL(url);
  const sockets = new Set<Socket>();
  const wire = {
    url: '',
    server: createServer(),
    cut: false,
    sever: () => {
      for (const socket of sockets) socket.destroy();
    },
  };
  wire.server.on('connection', (socket) => {
    if (wire.cut) {
      socket.destroy();
      return;
    }
    const behind = connect(Number(port), hostname);
    for (const [one, other] of [
      [socket, behind],
      [behind, socket],
    ] as const) {
      sockets.add(one);
      one.on('error', () => other.destroy()).on('close', () => other.destroy());
      one.pipe(other);
    }
  });
  wire.server.listen(0, '127.0.0.1');
  await once(wire.server, 'listening');
  return Object.assign(wire, { url: `http://127.0.0.1:${(wire.server.address() as AddressInfo).port}` });
}

describe.skipIf(!isRunnable)('a service that is out of reach', TIMES, () => {
  const on = useScene(startDecidedScene);

  test('is said with its time; what was read stays; and when it is back, the page reads again by itself', async () => {
    const wire = await openWire(on.scene.url);
    const { page } = await openPage(on.browser);
    await visit(page, wire.url, '#/decisions');
    await page.locator('main [data-row]').first().waitFor();
    const before = await page.locator('main [data-row]').count();
    wire.cut = true;
    wire.sever();
    await page.getByRole('button', { name: 'Rejected', exact: true }).click();
    await page.locator('.sg-reach-lost').waitFor();
    expect(await page.locator('[data-reach]').innerText()).toMatch(
      /^Signet is out of reach since .+ What was read before stays/,
    );
    expect(await page.locator('main').innerText()).toContain('the service cannot be reached');
    await page.getByRole('button', { name: 'All', exact: true }).click();
    expect(await page.locator('main [data-row]').count()).toBe(before);

    await verify(on.scene.url, 'registry.example.com/demo/release:2.0.0');
    wire.cut = false;
    await page.locator('.sg-reach-lost').waitFor({ state: 'detached' });
    await expect.poll(() => page.locator('main [data-row]').count(), { timeout: TIMES.timeout / 2 }).toBe(before + 1);
    wire.server.close();
    wire.sever();
  });

  test('is said where nothing was read before', async () => {
    const wire = await openWire(on.scene.url);
    const { page } = await openPage(on.browser);
    await visit(page, wire.url, '#/check');
    wire.cut = true;
    wire.sever();
    await page.getByRole('link', { name: 'Overview' }).click();
    await page.locator('.sg-reach-lost').waitFor();
    expect(await page.locator('main').innerText()).toContain('The overview cannot be shown');
    wire.cut = false;
    await page.locator('[data-card="profiles"] .sg-profile').waitFor();
    expect(await page.locator('main').innerText()).not.toContain('cannot be shown');
    wire.server.close();
    wire.sever();
  });
});
