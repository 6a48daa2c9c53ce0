import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import type { AttachmentForm } from '../../../lib/registry/attachments/attachment.ts';

const run = promisify(execFile);

/** A cosign of the test tools. */
export interface Cosign {
  readonly version: 2 | 3;
  readonly program: string;
}

/** Keys of a test, each `NAME.key` and `NAME.pub` in the folder, and a trusted root without any of Sigstore's services. */
export async function makeCosignKeys(
  { program }: Cosign,
  folder: string,
  names: readonly string[],
): Promise<ReadonlyMap<string, Buffer>> {
  const root = '{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}';
  await writeFile(path.join(folder, 'root.json'), root);
  const keys = new Map<string, Buffer>();
  for (const name of names) {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    await writeFile(path.join(folder, `${name}.pem`), privateKey.export({ type: 'sec1', format: 'pem' }));
    await runCosign(program, folder, ['import-key-pair', '--key', `${name}.pem`, '--output-key-prefix', name]);
    keys.set(name, Buffer.from(publicKey.export({ type: 'spki', format: 'pem' })));
  }
  return keys;
}

/** Signs an image by its digest, in the form. */
export async function signWithCosign(
  { version, program }: Cosign,
  folder: string,
  { image, key, form }: { readonly image: string; readonly key: string; readonly form: AttachmentForm },
): Promise<void> {
  const isBundle = form === 'bundle';
  const ofVersion = version === 3 ? ['--use-signing-config=false'] : [];
  const referrers = form === 'referrer' ? ['--registry-referrers-mode', 'oci-1-1'] : [];
  const formats = [`--new-bundle-format=${isBundle}`, ...ofVersion, ...referrers];
  await runCosign(program, folder, ['sign', '--yes', '--key', `${key}.key`, '--tlog-upload=false', ...formats, image]);
}

/** Whether the client verifies the image by the key, where it is told to look for the form. */
export async function askCosign(
  { version, program }: Cosign,
  folder: string,
  { image, key, form }: { readonly image: string; readonly key: string; readonly form: AttachmentForm },
): Promise<'verified' | 'refused'> {
  const isBundle = form === 'bundle';
  const root = isBundle ? ['--trusted-root', 'root.json'] : [];
  const referrers = form === 'referrer' ? ['--experimental-oci11'] : [];
  const common = ['--insecure-ignore-tlog=true', `--new-bundle-format=${isBundle}`, ...root, ...referrers];
  const args = [
    'verify',
    '--key',
    `${key}.pub`,
    ...(version === 2 ? ['--private-infrastructure'] : []),
    ...common,
    image,
  ];
  return await runCosign(program, folder, args).then(
    () => 'verified' as const,
    () => 'refused' as const,
  );
}

async function runCosign(program: string, folder: string, args: readonly string[]): Promise<void> {
  // Referrers in simple-signing form are an experiment of cosign.
  const env = { PATH: process.env['PATH'], HOME: folder, COSIGN_PASSWORD: '', COSIGN_EXPERIMENTAL: '1' };
  await run(program, args, { cwd: folder, env });
}
