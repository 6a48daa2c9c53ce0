import type { Server } from 'node:https';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

/** Connections that were opened under authorities which were replaced since: what was shown on them counts no more. */
const outdated = new WeakSet<Socket>();

/** Whether the client has shown a certificate of the authorities that count now. */
export function showsCertificate(socket: Socket): socket is TLSSocket {
  return socket instanceof TLSSocket && socket.authorized && !outdated.has(socket);
}

/** Whether a connection has to be closed behind its answer, so that the client shows its certificate anew. */
export function isOutdated(socket: Socket): boolean {
  return outdated.has(socket);
}

/**
 * Follows the connections of a server. Renewed authorities count for new connections alone, and a client may keep one open
 * for ever, or begin one and take its time to show a certificate.
 *
 * @returns what is called when the authorities were replaced: it closes what is idle or not begun, and has the rest closed
 *   behind its answer
 */
export function followConnections(server: Server): () => void {
  const beginning = new Map<string, Socket>();
  const open = new Set<TLSSocket>();
  server.on('connection', (socket: Socket) => {
    const name = toName(socket);
    beginning.set(name, socket);
    socket.once('close', () => {
      if (beginning.get(name) === socket) beginning.delete(name);
    });
  });
  server.on('secureConnection', (socket) => {
    beginning.delete(toName(socket));
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  return () => {
    for (const socket of beginning.values()) socket.destroy();
    for (const socket of open) outdated.add(socket);
    server.closeIdleConnections();
  };
}

/** One name for a connection and for TLS on it, which are two sockets. */
function toName({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
