process.noSuchThing();
