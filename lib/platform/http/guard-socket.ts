import type { Socket } from 'node:net';
import { StoreError } from '../../base/errors/store-error.ts';
import { type AddressRules, checkAddress } from './address-rules.ts';

/**
 * Checks what a socket is really connected to, whatever the lookup said, and destroys it with the refusal before a
 * byte of the request leaves. To be called for each request: a kept-alive socket is checked anew.
 */
export function guardSocket(socket: Socket, rules: AddressRules): void {
  if (socket.connecting) socket.once('connect', () => destroyIfRefused(socket, rules));
  else destroyIfRefused(socket, rules);
}

function destroyIfRefused(socket: Socket, rules: AddressRules): void {
  const address = socket.remoteAddress;
  try {
    if (address === undefined) throw new StoreError('ConnectionFailed', 'the connection was lost');
    checkAddress(address, rules, `the connected address ${address}`);
  } catch (error) {
    socket.destroy(error instanceof Error ? error : undefined);
  }
}
