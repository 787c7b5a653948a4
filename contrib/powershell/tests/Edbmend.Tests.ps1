# Tests of the module, for Pester 5: Invoke-Pester contrib/powershell/tests
# They need the program: on the PATH, or in the environment variable EDBMEND.

BeforeAll {
    $root = Split-Path (Split-Path (Split-Path $PSScriptRoot))
    Import-Module (Join-Path $root 'contrib/powershell/Edbmend/Edbmend.psd1') -Force
    $samples = Join-Path $root 'samples/practice'
}

Describe 'the module' {
    BeforeEach {
        $group = Join-Path $TestDrive ([guid]::NewGuid())
        Copy-Item $samples $group -Recurse
        $damaged = Join-Path $group 'priv1.edb'
        $sound = Join-Path $group 'pub1.edb'
        $before = (Get-FileHash $damaged).Hash
    }

    It 'reads a header' {
        $header = Get-EdbHeader $damaged
        $header.Kind | Should -Be 'database'
        $header.Header.previous_full_backup.gen_high | Should -Be 4294967295
    }

    It 'finds the damage, and the way out' {
        $check = Test-EdbGroup $group
        $check.IsSound | Should -BeFalse
        $check.Findings.id | Should -Contain 'full-backup-gen-invalid'
        $check.WayOut[0].command | Should -BeLike 'edbmend repair *'
    }

    It 'shows with -WhatIf what would be written, and writes nothing' {
        $planned = Repair-EdbHeader $damaged -WhatIf
        $planned.Outcome | Should -Be 'planned'
        $planned.Changes.Count | Should -BeGreaterThan 0
        (Get-FileHash $damaged).Hash | Should -Be $before
        Join-Path $group 'edbmend' | Should -Not -Exist
    }

    It 'repairs, has nothing to do the second time, and undoes' {
        $repaired = Repair-EdbHeader $damaged, $sound -Confirm:$false
        $repaired.Outcome | Should -Be @('committed', 'nothing-to-do')
        $repaired[0].Next | Should -BeLike '*full backup at once*'
        (Test-EdbGroup $group).IsSound | Should -BeTrue
        (Repair-EdbHeader $damaged -Confirm:$false).Outcome | Should -Be 'nothing-to-do'
        $undone = $repaired[0] | Undo-EdbOperation -Confirm:$false
        $undone.Outcome | Should -Be 'committed'
        (Get-FileHash $damaged).Hash | Should -Be $before
    }

    It 'repairs the others where one is refused' {
        $outcomes = Repair-EdbHeader (Join-Path $group 'E00.log'), $damaged -Confirm:$false -ErrorVariable refused -ErrorAction SilentlyContinue
        $outcomes[0].ExitCode | Should -Not -Be 0
        $outcomes[1].Outcome | Should -Be 'committed'
        $refused.Count | Should -BeGreaterThan 0
    }
}
