import { realpath } from 'node:fs/promises';
import path from 'node:path';
import * as v from 'valibot';
import { ConfigurationError } from '../../../lib/base/errors/configuration-error.ts';
import { isAbsent } from '../../../lib/platform/files/file-error.ts';
import { readRegularFile } from '../../../lib/platform/files/read-regular-file.ts';
import { isUrlLike } from '../../../lib/platform/http/http-url.ts';
import { parseTrustFile } from '../../../lib/trust/documents/parse-trust-file.ts';
import { type ParsedDocument, readContent } from '../../../lib/trust/documents/parsed-document.ts';
import { FOLDER_FILE, resolvePath, SETTINGS, type Setting, type SettingName, type UserFile } from './setting.ts';

/** Bytes of one configuration file. */
export const MAX_SETTINGS_BYTES = 64 * 1024;

/** A configuration file that was read. */
export interface SettingsFile {
  readonly file: string;
  readonly settings: Readonly<Partial<Record<SettingName, Setting>>>;
}

const text = v.pipe(v.string(), v.minLength(1));
const members = {
  trust: v.optional(text),
  profile: v.optional(text),
  store: v.optional(v.union([text, v.pipe(v.array(text), v.minLength(1))])),
  // No template: it could print an outcome of its own.
  output: v.optional(v.picklist(['text', 'json', 'yaml'])),
  timeout: v.optional(v.union([text, v.number()])),
};
const folderSchema = v.strictObject(members);
const userSchema = v.strictObject({ ...members, folders: v.optional(v.array(text)) });

interface Places {
  readonly own: UserFile;
  readonly folder: string;
  readonly home: string | undefined;
}

/** The file of the current folder, then the user's own, as far as they are there. @throws ConfigurationError */
export async function readSettingsFiles({ own, folder, home }: Places): Promise<readonly SettingsFile[]> {
  const user = own.file === undefined ? undefined : await readFile(own.file, own.file);
  if (user === undefined && own.isNamed) throw unreadable(own.file ?? '', 'there is no such file (SIGNET_CONFIG)');
  const content = user === undefined ? {} : readContent(userSchema, user.document);
  const folders = (content.folders ?? []).map((named) => resolvePath(named, own.file ?? '', home));
  const here = await readFile(path.join(folder, FOLDER_FILE), `./${FOLDER_FILE}`);
  const files: SettingsFile[] = [];
  // Named by SIGNET_CONFIG, the file of the folder is the user's own.
  if (here !== undefined && here.real !== user?.real) {
    const isNamed = (await Promise.all(folders.map(toReal))).includes(await toReal(folder));
    const refuse = isNamed ? undefined : toRefusal(here.document, path.resolve(folder));
    files.push(toSettingsFile(here, readContent(folderSchema, here.document), home, refuse));
  }
  if (user !== undefined) files.push(toSettingsFile(user, content, home));
  return files;
}

interface ReadFile {
  readonly path: string;
  readonly real: string;
  readonly document: ParsedDocument;
}

/** Undefined where there is none. */
async function readFile(file: string, name: string): Promise<ReadFile | undefined> {
  try {
    const contents = await readRegularFile(file, MAX_SETTINGS_BYTES, 'follow');
    if (contents.kind === 'cut') throw unreadable(name, `longer than ${MAX_SETTINGS_BYTES} bytes`);
    if (contents.kind !== 'whole') throw unreadable(name, 'not a regular file');
    return { path: file, real: await realpath(file), document: parse(name, contents.bytes) };
  } catch (error) {
    if (isAbsent(error)) return undefined;
    if (error instanceof ConfigurationError) throw error;
    throw unreadable(name, error instanceof Error ? error.message : String(error));
  }
}

function parse(name: string, bytes: Uint8Array): ParsedDocument {
  const [first, second] = parseTrustFile({ name, bytes });
  if (second !== undefined) throw unreadable(name, 'more than one document');
  if (first === undefined) return { document: name, content: {}, warnings: [], lineOf: () => 1 };
  const [warning] = first.warnings;
  if (warning !== undefined) throw new ConfigurationError('DocumentInvalid', warning);
  return first;
}

type Refuse = (name: SettingName) => ConfigurationError;

function toRefusal(document: ParsedDocument, folder: string): Refuse {
  return (name) =>
    new ConfigurationError(
      'DocumentInvalid',
      `${name}: a file in the current folder does not say whom to trust; give --${name}, or add ${folder} to the folders of your own configuration file`,
      { position: { document: document.document, line: document.lineOf([name]) } },
    );
}

function toSettingsFile(
  { path: file, document }: ReadFile,
  content: v.InferOutput<typeof folderSchema>,
  home: string | undefined,
  refuse?: Refuse,
): SettingsFile {
  const settings: Partial<Record<SettingName, Setting>> = {};
  for (const name of Object.keys(SETTINGS) as SettingName[]) {
    const value = content[name];
    if (value === undefined) continue;
    const values = [value].flat().map((one) => toValue(name, String(one), file, home));
    const from = `${document.document}:${document.lineOf([name])}`;
    const isRefused = refuse !== undefined && SETTINGS[name].decidesTrust;
    settings[name] = { values, from, ...(isRefused ? { refusal: refuse(name) } : {}) };
  }
  return { file: document.document, settings };
}

/** Paths start from the folder of their file. */
function toValue(name: SettingName, value: string, file: string, home: string | undefined): string {
  if (name === 'trust') return resolvePath(value, file, home);
  return name === 'store' && !isUrlLike(value) ? resolvePath(value, file, home) : value;
}

async function toReal(folder: string): Promise<string> {
  return await realpath(folder).catch(() => folder);
}

function unreadable(document: string, reason: string): ConfigurationError {
  return new ConfigurationError('DocumentInvalid', reason, { position: { document } });
}
