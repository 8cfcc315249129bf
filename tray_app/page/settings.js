"use strict";
// The settings as a form.

export function fill() {}
