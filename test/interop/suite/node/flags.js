// SPDX-License-Identifier: Apache-2.0
'use strict';

/** The command line as an object: `--name=value`, `--name value` or `--name`, of the known names alone. */
exports.flags = (defaults) => {
  const options = { ...defaults };
  const words = process.argv.slice(2);
  while (words.length > 0) {
    let [, name, value] = /^--?(\w+)(?:=(.*))?$/s.exec(words.shift()) || [];
    if (!(name in defaults)) {
      console.error(`unknown flag; known: ${Object.keys(defaults).join(', ')}`);
      process.exit(2);
    }
    if (value === undefined) value = words.length > 0 && !words[0].startsWith('--') ? words.shift() : 'true';
    const like = defaults[name];
    options[name] = typeof like === 'boolean' ? value === 'true' : typeof like === 'number' ? Number(value) : value;
  }
  return options;
};
