"""Our matching beside other engines', in one run on one machine; see README.md in this folder."""
