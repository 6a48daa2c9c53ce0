import { execFile } from 'node:child_process';
import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import type { ReleasePlatform } from './single-file.ts';

const run = promisify(execFile);
const CONTAINERFILE = path.join(import.meta.dirname, '../../deploy/image/Containerfile');
/** As registries name the processors. Windows has images of its own, which nobody asks for here. */
const ARCHITECTURES: Readonly<Partial<Record<ReleasePlatform, string>>> = {
  'linux-x64': 'amd64',
  'linux-arm64': 'arm64',
};

export interface ImageSource {
  /** The programs that are inside, by platform. */
  readonly programs: ReadonlyMap<ReleasePlatform, string>;
  readonly version: string;
  /** Of all files and of the image: two builds over one base are identical. */
  readonly time: Date;
  /** Undefined: the Containerfile's own. */
  readonly base: string | undefined;
}

/**
 * Builds an index of one image for each program of Linux, with buildah and in a storage of its own, and writes it as an archive of
 * an OCI layout, which `skopeo copy oci-archive:…` and `podman load` read.
 *
 * @param scratch a directory that is there
 * @throws Error when buildah is missing, or the base cannot be read
 */
export async function buildContainerImage(source: ImageSource, output: string, scratch: string): Promise<void> {
  const { programs, version, time, base } = source;
  const context = path.join(scratch, 'image');
  const layout = path.join(scratch, 'layout');
  await mkdir(path.join(context, 'data'), { recursive: true });
  await writeFile(path.join(context, 'data/.keep'), '');
  await copyFile(CONTAINERFILE, path.join(context, 'Containerfile'));
  const storage = ['--root', path.join(scratch, 'storage'), '--runroot', path.join(scratch, 'run')];
  const buildah = async (...args: readonly string[]): Promise<void> => {
    await run('buildah', [...storage, ...args], { maxBuffer: 64 * 1024 * 1024 });
  };
  const seconds = String(Math.floor(time.getTime() / 1000));
  await buildah('manifest', 'create', 'signet');
  try {
    for (const [platform, program] of programs) {
      const architecture = ARCHITECTURES[platform];
      if (architecture === undefined) continue;
      await copyFile(program, path.join(context, `signet-${architecture}`));
      const chosen = base === undefined ? [] : ['--build-arg', `BASE=${base}`];
      const fixed = [
        '--isolation',
        'chroot',
        '--timestamp',
        seconds,
        '--label',
        `org.opencontainers.image.version=${version}`,
      ];
      await buildah('build', ...fixed, ...chosen, '--arch', architecture, '--manifest', 'signet', context);
    }
    await buildah('manifest', 'push', '--all', 'signet', `oci:${layout}:${version}`);
  } finally {
    await buildah('rmi', '--all', '--force');
  }
  await rm(output, { force: true });
  const owners = ['--sort=name', `--mtime=@${seconds}`, '--owner=0', '--group=0', '--numeric-owner'];
  await run('tar', [...owners, '-cf', output, '-C', layout, 'blobs', 'index.json', 'oci-layout']);
}
