"use strict";

export function draw() {}
