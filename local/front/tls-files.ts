import { readFile } from 'node:fs/promises';
import type { Server } from 'node:https';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { ConfigurationError } from '../../lib/base/errors/configuration-error.ts';
import { toFileReason } from '../../lib/platform/files/file-error.ts';
import { checkCertificate, splitCertificates } from '../../lib/platform/http/tls-trust.ts';
import type { Telemetry } from '../../lib/platform/lambda/telemetry.ts';
import { followConnections } from './client-certificates.ts';

/** Where the service's own certificate is, and the authorities of those who ask. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
  /** Client certificates of these authorities say who asks for admission; undefined: none is asked for. */
  readonly clientCa?: string | undefined;
}

/** Milliseconds between two looks at the files: whoever renews a certificate does so days before its end. */
const LOOK_MS = 5000;

/** Reads the files. @throws ConfigurationError `KeyUnreadable` that names them */
export async function readTlsFiles({ cert, key, clientCa }: TlsFiles): Promise<SecureContextOptions> {
  const names = [cert, key, ...(clientCa === undefined ? [] : [clientCa])].join(', ');
  try {
    const [certBytes, keyBytes] = await Promise.all([readFile(cert), readFile(key)]);
    const ca = clientCa === undefined ? {} : { ca: await readFile(clientCa) };
    if (clientCa !== undefined) checkAuthorities(clientCa, String(ca.ca));
    const options = { cert: certBytes, key: keyBytes, ...ca };
    // Also whether certificate and key belong together.
    createSecureContext(options);
    return options;
  } catch (cause) {
    const why = toFileReason(cause);
    throw new ConfigurationError('KeyUnreadable', `cannot use ${names} for TLS: ${why}`, { cause });
  }
}

/** By a file that is empty, or not yet whole, Node would trust nobody, or not all. @throws an Error */
function checkAuthorities(file: string, text: string): void {
  const { certificates, rest } = splitCertificates(text);
  if (certificates.length === 0 || rest.includes('-----BEGIN CERTIFICATE-----')) {
    throw new Error(`${file} holds no whole certificate, or not only whole ones`);
  }
  for (const certificate of certificates) checkCertificate(certificate);
}

/**
 * Has a server use renewed files for new connections, and closes the others where the authorities of clients changed.
 * Files that cannot be used, as while they are being written, change nothing: the server goes on with those that it has,
 * and the log says so.
 *
 * @returns what ends it
 */
export function followTlsFiles(
  server: Server,
  files: TlsFiles,
  used: SecureContextOptions,
  log: Telemetry,
): () => void {
  const retireConnections = followConnections(server);
  let { ca } = used;
  let known = toText(used);
  let fault = '';
  const look = async (): Promise<void> => {
    try {
      const options = await readTlsFiles(files);
      fault = '';
      if (toText(options) === known) return;
      server.setSecureContext(options);
      known = toText(options);
      if (String(options.ca) !== String(ca)) retireConnections();
      ({ ca } = options);
      log.log('info', 'tls files were renewed', { cert: files.cert });
    } catch (error) {
      const { message } = error as Error;
      if (message !== fault) log.log('error', 'tls files cannot be used; the earlier ones stay', { error: message });
      fault = message;
    }
  };
  const timer = setInterval(() => void look(), LOOK_MS);
  timer.unref();
  return () => clearInterval(timer);
}

function toText({ cert, key, ca }: SecureContextOptions): string {
  return [cert, key, ca].map(String).join('\0');
}
