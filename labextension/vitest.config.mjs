import { readFileSync } from 'node:fs';

import { defineConfig } from 'vitest/config';

export default defineConfig({
  plugins: [
    {
      name: 'svg-as-text',
      enforce: 'pre',
      load: id =>
        id.endsWith('.svg')
          ? `export default ${JSON.stringify(readFileSync(id, 'utf8'))}`
          : undefined
    }
  ],
  test: {
    environment: 'jsdom',
    setupFiles: ['test/setup.ts'],
    server: {
      deps: {
        inline: [/@jupyterlab\//, /@jupyter\//, /@lumino\//, /@microsoft\/fast/]
      }
    }
  }
});
