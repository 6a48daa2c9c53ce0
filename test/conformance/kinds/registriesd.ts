import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import * as v from 'valibot';
import { parseDigest } from '../../../lib/base/names/digest.ts';
import { parseReference } from '../../../lib/base/names/reference.ts';
import { parseTrustFile } from '../../../lib/trust/documents/parse-trust-file.ts';
import { findLookaside } from '../../../lib/trust/registries-d/find-lookaside.ts';
import { readRegistriesD } from '../../../lib/trust/registries-d/read-registries-d.ts';
import type { RegistriesD } from '../../../lib/trust/registries-d/registries-d.ts';
import { toSignatureUrl } from '../../../lib/trust/registries-d/to-signature-url.ts';
import { usesSigstoreAttachments } from '../../../lib/trust/registries-d/uses-sigstore-attachments.ts';
import type { KindRunner } from '../kinds.ts';

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

/** The cases count from 0. */
export const signatureUrl: KindRunner = ({ inputs }) => {
  const { base, digest, index } = v.parse(Signature, inputs);
  return { url: toSignatureUrl(base, parseDigest(digest), index + 1) };
};

async function readDirectory(directory: string): Promise<RegistriesD> {
  const names = (await readdir(directory)).filter((name) => name.endsWith('.yaml')).toSorted();
  const files = await Promise.all(
    names.map(async (name) => ({ name, bytes: await readFile(path.join(directory, name)) })),
  );
  return readRegistriesD(files.flatMap((file) => parseTrustFile(file)));
}
