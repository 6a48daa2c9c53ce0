import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import * as v from 'valibot';
import { parseDigest } from '../../../lib/base/names/digest.ts';
import { parseReference } from '../../../lib/base/names/reference.ts';
import { createHttpClient } from '../../../lib/platform/http/http-client.ts';
import { createRegistriesDStore } from '../../../lib/stores/registries-d-store.ts';
import { parseTrustFile } from '../../../lib/trust/documents/parse-trust-file.ts';
import { readRegistriesD } from '../../../lib/trust/registries-d/read-registries-d.ts';
import {
  findLookaside,
  type RegistriesD,
  usesSigstoreAttachments,
} from '../../../lib/trust/registries-d/registries-d.ts';
import type { KindRunner } from '../kinds.ts';
import { startServer } from '../vector-server.ts';

const Lookup = v.looseObject({ configDirectory: v.string(), reference: v.string(), forWriting: v.boolean() });

export const lookasideUrl: KindRunner = async ({ inputs, root }) => {
  const { configDirectory, reference: text, forWriting } = v.parse(Lookup, inputs);
  const registriesD = await readDirectory(path.join(root, configDirectory));
  const reference = parseReference(text);
  return {
    url: findLookaside(registriesD, reference, forWriting ? 'write' : 'read').base,
    useSigstoreAttachments: usesSigstoreAttachments(registriesD, reference),
  };
};

const Signature = v.looseObject({ base: v.string(), digest: v.string(), index: v.number() });

/**
 * The address at which the store of a lookaside asks for one signature, on a real server in place of the address of the
 * case. The store has found all before it. The cases count from 0.
 */
export const signatureUrl: KindRunner = async ({ inputs }) => {
  const { base, digest: text, index } = v.parse(Signature, inputs);
  const digest = parseDigest(text);
  const [origin = '', repository = ''] = splitBase(base);
  const number = index + 1;
  const isStored = (url: string): boolean => Number(/\/signature-([0-9]+)(?:\?|$)/.exec(url)?.[1]) < number;
  const requests: string[] = [];
  const server = await startServer((url) => (isStored(url) ? Buffer.from('a signature') : undefined), requests);
  const client = createHttpClient({ allowPrivateAddresses: true });
  try {
    const lookaside = base.replace(origin, server.origin).replace(`/${repository}`, '');
    const registriesD = readRegistriesD([{ document: 'case.yaml', content: { 'default-docker': { lookaside } } }]);
    const reference = parseReference(`registry.test/${repository}@${digest}`);
    const store = createRegistriesDStore(registriesD, reference, { allowLocal: false }, client);
    await Array.fromAsync(store.fetchSignatures({ digest }, new AbortController().signal));
    return { url: `${origin}${requests[index]}` };
  } finally {
    client.close();
    await server.close();
  }
};

/** Scheme and host of a base, and the repository that ends its path. */
function splitBase(base: string): readonly string[] {
  return /^([a-z]+:\/\/[^/]*)\/([^?]*)/.exec(base)?.slice(1) ?? [];
}

async function readDirectory(directory: string): Promise<RegistriesD> {
  const names = (await readdir(directory)).filter((name) => name.endsWith('.yaml')).toSorted();
  const files = await Promise.all(
    names.map(async (name) => ({ name, bytes: await readFile(path.join(directory, name)) })),
  );
  return readRegistriesD(files.flatMap((file) => parseTrustFile(file)));
}
