import { expect, test } from 'vitest';
import { chooseFormat } from '../../../../lib/bundle/service/config-maps/parse-config-maps-request.ts';

test.each<[name: string, accept: string | undefined, expected: 'json' | 'yaml' | undefined]>([
  ['nothing said', undefined, 'json'],
  ['an empty header', ' ', 'json'],
  ['anything', '*/*', 'json'],
  ['any application', 'application/*', 'json'],
  ['JSON', 'application/json', 'json'],
  ['YAML', 'application/yaml', 'yaml'],
  ['YAML in capitals, with a parameter', 'Application/YAML; charset=utf-8', 'yaml'],
  ['both', 'application/yaml, application/json', 'json'],
  ['YAML, else anything', 'application/yaml, */*', 'yaml'],
  ['YAML rather than anything', 'application/yaml, */*;q=0.1', 'yaml'],
  ['JSON rather than YAML', 'application/yaml;q=0.5, application/json;q=0.6', 'json'],
  ['anything but JSON', '*/*, application/json;q=0', 'yaml'],
  ['neither', 'text/html', undefined],
  ['both refused', 'application/json;q=0, application/yaml;q=0.000', undefined],
  ['a quality that is none', 'application/yaml;q=2', undefined],
  ['a negative quality', 'application/yaml;q=-1', undefined],
  ['nonsense', ';;,,', undefined],
  ['an alias that was never registered so', 'text/yaml', undefined],
])('%s', (_, accept, expected) => {
  expect(chooseFormat(accept)).toBe(expected);
});
