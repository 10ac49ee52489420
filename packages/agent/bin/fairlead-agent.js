#!/usr/bin/env node
import { launch } from '@fairlead/toolkit/launch.js';

await launch(new URL('../src/main.ts', import.meta.url));
