import { accessSync } from 'node:fs';
import path from 'node:path';
import { isAbsent } from '../../../lib/platform/files/file-error.ts';
import {
  type Environment,
  FOLDER_FILE,
  SETTINGS,
  type Setting,
  type SettingName,
  type Settings,
  toHome,
  toUserFile,
} from './setting.ts';
import type { SettingsFile } from './settings-file.ts';

/**
 * The settings of a call: of the environment, of `./signet.yaml`, then of the user's file. A fault of a file is thrown
 * when a setting is looked up, so that help can be read beside a faulty file.
 */
export async function loadSettings(environment: Environment, folder: string): Promise<Settings> {
  const own = toUserFile(environment);
  let files: readonly SettingsFile[] = [];
  let fault: unknown;
  if (own.isNamed || isThere(own.file) || isThere(path.join(folder, FOLDER_FILE))) {
    const { readSettingsFiles } = await import('./settings-file.ts');
    try {
      files = await readSettingsFiles({ own, folder, home: toHome(environment) });
    } catch (error) {
      fault = error;
    }
  }
  const list = (name: SettingName): readonly Setting[] => {
    if (fault !== undefined) throw fault;
    const { variable } = SETTINGS[name];
    const value = environment[variable];
    // An empty variable is how a shell takes one back.
    const named = value === undefined || value === '' ? [] : [{ values: [value], from: variable }];
    return [...named, ...files.flatMap((file) => file.settings[name] ?? [])];
  };
  const find: Settings['find'] = (name) => {
    const [first] = list(name);
    if (first?.refusal !== undefined) throw first.refusal;
    return first;
  };
  return {
    list,
    find,
    files: () => {
      if (fault !== undefined) throw fault;
      return files.map(({ file }) => file);
    },
  };
}

/** Nothing else runs yet: a thread for it, and what it takes to ask one, would take longer. */
function isThere(file: string | undefined): boolean {
  if (file === undefined) return false;
  try {
    accessSync(file);
    return true;
  } catch (error) {
    return !isAbsent(error);
  }
}
