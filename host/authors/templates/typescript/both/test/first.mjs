// Before the tests: the sources do not compile without the contract's types.

import { existsSync } from 'node:fs';

if (!existsSync('build/types')) {
  console.error('The tests need the types of the contract: run `slewgate plugin build` first.');
  process.exit(1);
}
