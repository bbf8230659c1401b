"""A BOINC project of the tests' own, which the stock client attaches to, works for and gets credit from.

keys.py         the project's keys: the code-signing key, as lib/crypt.cpp reads it, and an authority for TLS
application.py  what it sends to hosts: a program linked with BOINC's own API, built for each platform
project.py      accounts, hosts, work and credit: what a scheduler request changes, and what its reply says
server.py       the same over HTTP: master page, scheduler, downloads, uploads, account manager

python3 -m boincproject runs one for people to look at.
"""
