import { lookup } from 'node:dns';
import type { LookupFunction, Socket } from 'node:net';
import { StoreError } from '../../base/errors/store-error.ts';
import { type AddressRules, checkAddress } from './address-rules.ts';

/**
 * A `lookup` for `net.connect` that answers only when every address of a name may be contacted. The connection uses
 * the very addresses checked here, so a name that resolves differently the next time gains nothing (DNS rebinding).
 */
export function createCheckedLookup(rules: AddressRules, resolve: typeof lookup = lookup): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      const failure = error ?? findRefusal(hostname, addresses, rules);
      const [first] = failure === undefined ? addresses : [];
      if (failure !== undefined || first === undefined) {
        callback(failure ?? new Error(`${hostname} has no address`), []);
      } else if (options.all === true) {
        callback(null, addresses);
      } else {
        callback(null, first.address, first.family);
      }
    });
  };
}

function findRefusal(
  hostname: string,
  addresses: readonly { readonly address: string }[],
  rules: AddressRules,
): Error | undefined {
  try {
    for (const { address } of addresses) checkAddress(address, rules, `${hostname} resolves to ${address}, which`);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/**
 * Checks the address that a socket is really connected to, independent of the lookup, and destroys it before a
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
