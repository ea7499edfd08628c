import js from '@eslint/js';
import globals from 'globals';

export default [
  { ignores: ['node_modules/'] },
  js.configs.recommended,
  {
    files: ['src/**/*.js'],
    languageOptions: { globals: globals.browser },
    rules: { eqeqeq: 'error', 'no-console': 'error', 'no-var': 'error', 'prefer-const': 'error', 'max-len': ['error', 120] },
  },
  { files: ['src/console.js'], rules: { 'no-console': 'off' } },
  { files: ['test/**/*.js'], languageOptions: { globals: globals.node } },
];
